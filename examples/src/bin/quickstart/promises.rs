//! What was promised, and what the servers counted.

use std::error::Error;
use std::fmt::Display;

/// Tells scenes, and keeps account of the promises that were not kept.
#[derive(Default)]
pub(crate) struct Promises {
    scenes: usize,
    broken: Vec<String>,
}

impl Promises {
    /// Begins a scene.
    pub(crate) fn scene(&mut self, title: &str) {
        self.scenes += 1;
        println!("{}. {title}", self.scenes);
    }

    /// Tells what the servers counted, and checks it.
    pub(crate) fn expect<T>(&mut self, what: &str, counted: &T, promised: &T)
    where
        T: PartialEq + Display + ?Sized,
    {
        if counted == promised {
            println!("   {what}: {counted}");
        } else {
            println!("   {what}: {counted}, where {promised} was promised");
            self.broken
                .push(format!("{what}: {counted} instead of {promised}"));
        }
    }

    /// The last line, and the exit code.
    pub(crate) fn conclude(self) -> Result<(), Box<dyn Error>> {
        if self.broken.is_empty() {
            println!("all promises kept");
            Ok(())
        } else {
            Err(format!("promises not kept: {}", self.broken.join("; ")).into())
        }
    }
}
