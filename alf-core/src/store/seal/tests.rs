use super::*;

#[test]
fn d17_what_is_sealed_opens_with_the_same_keys() {
    let value = b"a value \0\xff";
    let sealed = sealer(1).seal(&name("a"), value).unwrap();
    let opened = sealer(1).open(&name("a"), &sealed).unwrap();
    assert_eq!(opened.as_slice(), value);
    assert!(!sealed.windows(7).any(|part| part == b"a value"));
}

#[test]
fn d17_another_key_and_another_name_do_not_open_it() {
    let sealed = sealer(1).seal(&name("a"), b"value").unwrap();
    assert!(sealer(2).open(&name("a"), &sealed).is_none());
    assert!(sealer(1).open(&name("b"), &sealed).is_none());
}

#[test]
fn d17_a_changed_or_truncated_value_does_not_open() {
    let sealed = sealer(1).seal(&name("a"), b"value").unwrap();
    for i in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[i] ^= 1;
        assert!(sealer(1).open(&name("a"), &changed).is_none(), "byte {i}");
        assert!(
            sealer(1).open(&name("a"), &sealed[..i]).is_none(),
            "{i} bytes"
        );
    }
    let longer = [sealed.as_slice(), b"x"].concat();
    assert!(sealer(1).open(&name("a"), &longer).is_none());
}

#[test]
fn d17_no_two_sealed_values_are_equal() {
    let sealer = sealer(1);
    let seal = || sealer.seal(&name("a"), b"value").unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn d17_a_hash_depends_on_the_key_the_purpose_and_the_bytes() {
    let hash = |key: u8, purpose: &str, bytes: &str| sealer(key).hash(purpose, bytes.as_bytes());
    let first = hash(1, "name", "ab");
    assert_eq!(*first, *hash(1, "name", "ab"));
    for other in [
        hash(2, "name", "ab"),
        hash(1, "credential", "ab"),
        hash(1, "name", "abc"),
        hash(1, "namea", "b"),
    ] {
        assert_ne!(*first, *other);
    }
}

#[test]
fn x1_what_has_a_key_in_it_is_wiped() {
    const fn assert_wiped<T: zeroize::ZeroizeOnDrop>() {}
    const {
        assert_wiped::<XChaCha20Poly1305>();
        assert_wiped::<KeyBytes>();
        assert_wiped::<Blake2sMac256>();
    }
}

fn sealer(key: u8) -> Sealer {
    Sealer::new(Zeroizing::new([key; 32]))
}

fn name(name: &str) -> StoreKey {
    StoreKey::new(name)
}
