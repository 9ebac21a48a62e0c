//! [`Checks`]: what is promised, compared with what the servers counted.

#![expect(clippy::print_stdout, reason = "for programs of the terminal")]

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::time::Duration;

use tokio::time::Instant;

/// Prints the steps and their counts, and keeps the counts that are not as promised.
#[derive(Debug, Default)]
pub struct Checks {
    steps: usize,
    unexpected: Vec<String>,
}

impl Checks {
    /// Prints the title of the next step, and what happens in it.
    pub fn step(&mut self, title: &str, explanation: &str) {
        self.steps += 1;
        println!("\n{}. {title}", self.steps);
        for line in explanation.lines() {
            println!("   {line}");
        }
    }

    /// Prints a result, and what it means if it is the promised one.
    pub fn expect<T>(&mut self, what: &str, result: &T, promised: &T, meaning: &str)
    where
        T: PartialEq + Display + ?Sized,
    {
        if result == promised {
            println!("   - {what}: {result} ({meaning})");
        } else {
            println!("   - {what}: {result}, but {promised} was expected");
            let step = self.steps;
            self.unexpected.push(format!(
                "step {step}, {what}: {result} instead of {promised}"
            ));
        }
    }

    /// Waits, and prints a dot for each half second meanwhile.
    ///
    /// # Errors
    ///
    /// If standard output fails.
    pub async fn wait(&self, seconds: u64, why: &str) -> io::Result<()> {
        print!("   Waiting {seconds} seconds {why} ");
        io::stdout().flush()?;
        let start = Instant::now();
        for dot in 1..=seconds * 2 {
            tokio::time::sleep_until(start + Duration::from_millis(500 * dot)).await;
            print!(".");
            io::stdout().flush()?;
        }
        println!(" done");
        Ok(())
    }

    /// Prints the last line.
    ///
    /// # Errors
    ///
    /// If a count was not as promised: it names all of these.
    pub fn conclude(self) -> Result<(), Box<dyn Error>> {
        if self.unexpected.is_empty() {
            println!("\nEvery count is as expected.");
            Ok(())
        } else {
            Err(format!("not as expected: {}", self.unexpected.join("; ")).into())
        }
    }
}
