//! curl reads the files itself, line by line. What it cannot read is an error before it connects.

use super::*;

/// A change to a PEM, in which `|` stands for the line breaks after BEGIN and before END.
type Change = fn(&str) -> String;

const OWN_LINE: &str = "a line of its own";

/// A name, the change, and words of the error. Each was seen to fail with OpenSSL or with rustls.
const DAMAGES: [(&str, Change, &str); 10] = [
    ("mark", |pem| format!("\u{feff}{}", whole(pem)), OWN_LINE),
    ("one line", |pem| whole(pem).replace('\n', " "), OWN_LINE),
    ("old Mac", |pem| whole(pem).replace('\n', "\r"), OWN_LINE),
    ("BEGIN", |pem| whole(&pem.replacen('|', "", 1)), OWN_LINE),
    (
        "END",
        |pem| pem.replacen('|', "\n", 1).replace('|', ""),
        OWN_LINE,
    ),
    ("tab", |pem| whole(&pem.replacen('|', "\t\n", 1)), OWN_LINE),
    ("indented", |pem| whole(&format!(" {pem}")), OWN_LINE),
    (
        "END indented",
        |pem| whole(&pem.replace("|-", "|  -")),
        OWN_LINE,
    ),
    (
        "after END",
        |pem| whole(pem).trim_end().to_owned() + " x",
        OWN_LINE,
    ),
    (
        "empty line",
        |pem| whole(&pem.replacen('\n', "\n\n", 1)),
        "empty line",
    ),
];

#[test]
fn x5_what_alf_reads_and_curl_does_not_is_an_error() {
    for (damage, change, words) in DAMAGES {
        for (name, certificate, key) in [
            (
                CERTIFICATE,
                change(&barred(CERTIFICATE_PEM)),
                KEY_PEM.to_owned(),
            ),
            (KEY, CERTIFICATE_PEM.to_owned(), change(&barred(KEY_PEM))),
        ] {
            let files = [certificate, key].map(|text| TemporaryFile::new(text.as_bytes()));
            let pair = CertificateAndKey::from_files(files[0].path(), files[1].path());
            pair.read().unwrap();
            let error = pair.check_files().expect_err(damage);
            let file = &files[usize::from(name == KEY)];
            let expected = format!("{name}: {}: ", file.path().display());
            assert!(error.to_string().starts_with(&expected), "{error}");
            assert!(error.to_string().contains(words), "{damage}: {error}");
            assert_shows_nothing_of(KEY_PEM, &format!("{error} {error:?}"));
        }
    }
}

#[test]
fn x5_an_empty_block_before_the_wanted_one_is_an_error() {
    let empty = "-----BEGIN X-----\n-----END X-----\n";
    let pair = CertificateAndKey::from_pem(format!("{empty}{CERTIFICATE_PEM}"), KEY_PEM);
    pair.read().unwrap();
    let error = pair.check_files().unwrap_err();
    assert!(error.to_string().contains("nothing between"), "{error}");
}

#[test]
fn t2_what_curl_reads_is_accepted() {
    let changes: [Change; 5] = [
        str::to_owned,
        |pem| pem.replace('\n', " \r\n"),
        |pem| pem.trim_end().to_owned(),
        |pem| pem.replacen('\n', "\n\n", 1),
        |pem| pem.replace('\n', "\n ").replace("\n -", "\n-"),
    ];
    for change in changes {
        let certificate = format!(
            "\u{feff}{OTHERS}{CERTIFICATE_PEM}{}",
            change(CERTIFICATE_PEM)
        );
        let key = format!("{CERTIFICATE_PEM}{}", change(KEY_PEM));
        let pair = CertificateAndKey::from_pem(certificate, key);
        pair.check_files().unwrap();
    }
}

fn barred(pem: &str) -> String {
    let (begin, after) = pem.split_once('\n').unwrap();
    let (body, end) = after.rsplit_once("\n-").unwrap();
    format!("{begin}|{body}|-{end}")
}

fn whole(barred: &str) -> String {
    barred.replace('|', "\n")
}

const OTHERS: &str = "Bag Attributes\n  friendlyName: x\n\n\
    -----BEGIN X-----\nA: b\n\nMII=\n-----END X-----\n";
