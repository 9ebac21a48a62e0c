//! Runs each example. It checks its own counts, and says so in its last line.

#![expect(clippy::expect_used, reason = "what goes wrong in a test fails it")]

use std::process::Command;

macro_rules! programs {
    ($($name:ident: $path:expr;)*) => {
        $(
            #[test]
            fn $name() {
                run($path);
            }
        )*
    };
}

programs! {
    generated_client: env!("CARGO_BIN_EXE_generated_client");
    kafka: env!("CARGO_BIN_EXE_kafka");
    kubernetes: env!("CARGO_BIN_EXE_kubernetes");
    object_store: env!("CARGO_BIN_EXE_object_store");
    otlp: env!("CARGO_BIN_EXE_otlp");
    prometheus: env!("CARGO_BIN_EXE_prometheus");
    reqwest_middleware: env!("CARGO_BIN_EXE_reqwest_middleware");
    tonic: env!("CARGO_BIN_EXE_tonic");
}

fn run(program: &str) {
    let output = Command::new(program).output().expect("it starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let last = stdout.lines().last();
    assert_eq!(
        last,
        Some("Every count is as expected."),
        "{stdout}\n{stderr}"
    );
}
