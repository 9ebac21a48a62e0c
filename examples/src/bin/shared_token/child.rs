//! A process that the demo has started, and that it gives commands.

use std::env;
use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::process::{CALLED, READY};

pub(crate) struct ChildProcess {
    pub(crate) number: usize,
    child: Child,
    commands: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl ChildProcess {
    /// Starts this program once more, and returns when it waits for commands.
    pub(crate) fn start(number: usize, directory: &Path) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(env::current_exe()?)
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let commands = child.stdin.take().ok_or("no standard input")?;
        let output = child.stdout.take().ok_or("no standard output")?;
        let mut process = Self {
            number,
            child,
            commands,
            lines: BufReader::new(output).lines(),
        };
        process.lines_until(READY)?;
        Ok(process)
    }

    /// Returns at once. [`outcome`](Self::outcome) waits.
    pub(crate) fn command(&mut self, command: &str) -> io::Result<()> {
        writeln!(self.commands, "{command}")
    }

    /// What the process has printed since the command, up to the status of its call.
    pub(crate) fn outcome(&mut self) -> Result<Vec<String>, Box<dyn Error>> {
        self.lines_until(CALLED)
    }

    pub(crate) fn end(self) -> Result<(), Box<dyn Error>> {
        let Self {
            number,
            mut child,
            commands,
            ..
        } = self;
        drop(commands); // the end of its standard input
        let status = child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("process {number} ended: {status}").into())
        }
    }

    fn lines_until(&mut self, last: &str) -> Result<Vec<String>, Box<dyn Error>> {
        let mut lines = Vec::new();
        for line in self.lines.by_ref() {
            let line = line?;
            let is_last = line.starts_with(last);
            lines.push(line);
            if is_last {
                return Ok(lines);
            }
        }
        Err(format!("process {} has ended", self.number).into())
    }
}
