use super::*;

#[test]
fn x1_the_text_of_a_store_error_is_one_short_line_without_a_password() {
    for (source, shown) in [
        ("refused", "refused"),
        ("a\r\nb\u{1b}[31m", "a  b [31m"),
        (
            "redis://alf:hush@redis.example.com/0?password=hush",
            "redis://[masked]@redis.example.com/0",
        ),
    ] {
        let error = StoreError::unavailable(source);
        assert_eq!(
            error.to_string(),
            format!("the token store is not available: {shown}")
        );
    }
    assert!(StoreError::denied("x".repeat(10_000)).to_string().len() < 300);
}
