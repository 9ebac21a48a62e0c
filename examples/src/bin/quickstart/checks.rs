//! What is promised, compared with what the servers counted.

use std::error::Error;
use std::fmt::Display;

/// Prints the steps and their counts, and collects the promises that were not kept.
#[derive(Default)]
pub(crate) struct Checks {
    steps: usize,
    broken: Vec<String>,
}

impl Checks {
    /// Prints the title of the next step.
    pub(crate) fn step(&mut self, title: &str) {
        self.steps += 1;
        println!("{}. {title}", self.steps);
    }

    /// Prints a count, and checks it.
    pub(crate) fn expect<T>(&mut self, what: &str, counted: &T, promised: &T)
    where
        T: PartialEq + Display + ?Sized,
    {
        println!("   {what}: {counted}");
        if counted != promised {
            self.broken
                .push(format!("{what}: {counted} instead of {promised}"));
        }
    }

    /// Prints the last line, or returns the promises that were not kept.
    pub(crate) fn conclude(self) -> Result<(), Box<dyn Error>> {
        if self.broken.is_empty() {
            println!("all promises kept");
            Ok(())
        } else {
            Err(format!("promises not kept: {}", self.broken.join("; ")).into())
        }
    }
}
