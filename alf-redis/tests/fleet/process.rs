//! A process of a fleet, as its test has it.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{self, Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use crate::protocol::{Command, Outcome, Report, Settings};

/// It is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    commands: ChildStdin,
    outcomes: Receiver<Outcome>,
}

/// What a process reports without being asked, with its number.
pub(crate) type Reports = Sender<(usize, Report)>;

impl Process {
    /// Starts this program again. [`outcome`](Self::outcome) waits until it has started.
    pub(crate) fn start(number: usize, settings: &Settings, reports: Reports) -> Self {
        let (name, value) = settings.variable();
        let mut child = process::Command::new(env::current_exe().unwrap())
            .env(name, value)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, outcomes) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // A process that is killed may leave half a line.
                let Ok(report) = serde_json::from_str(&line) else {
                    break;
                };
                let is_wanted = match report {
                    Report::Done(outcome) => sender.send(outcome).is_ok(),
                    report @ (Report::Lease(_) | Report::Stopped) => {
                        reports.send((number, report)).is_ok()
                    }
                };
                if !is_wanted {
                    break;
                }
            }
        });
        Self {
            commands: child.stdin.take().unwrap(),
            child,
            outcomes,
        }
    }

    pub(crate) fn tell(&mut self, command: &Command) {
        let line = serde_json::to_string(command).unwrap();
        writeln!(self.commands, "{line}").unwrap();
    }

    /// Waits until it has started, or obeyed a command.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcomes
            .recv_timeout(DEADLINE)
            .expect("a process of the fleet answers")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// It passes only if a test is about to fail.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);
