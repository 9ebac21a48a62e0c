//! The demo: processes in four situations, and which of them requests the token.

use std::error::Error;
use std::path::Path;

use alf_testkit::{Answer, Servers};
use examples::Checks;

use crate::child::ChildProcess;
use crate::directory::SharedDirectory;
use crate::process::{ASKED, CALL, CALLED, NEXT_TOKEN, TOOK};

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let servers = Servers::start();
    SharedDirectory::new(directory.path()).create(&servers)?;
    let mut demo = Demo {
        servers,
        checks: Checks::default(),
        processes: Vec::new(),
    };
    println!(
        "This program starts an authorization server and an API on this machine, and processes\n\
         that call the API with alf. The processes share one token through a directory. The\n\
         servers count the requests that they receive in each step."
    );
    demo.start(directory.path())?;
    demo.revocation()?;
    demo.renewal()?;
    demo.restart(directory.path())?;
    demo.end_processes()?;
    demo.checks.conclude()
}

struct Demo {
    servers: Servers,
    checks: Checks,
    processes: Vec<ChildProcess>,
}

impl Demo {
    fn start(&mut self, directory: &Path) -> Result<(), Box<dyn Error>> {
        self.checks.step(
            "Three processes start",
            "None of them has a token. One requests it from the authorization server. The others\n\
             take it from the store.",
        );
        for number in 1..=3 {
            self.processes.push(ChildProcess::start(number, directory)?);
        }
        self.expect(CALL, [1, 2, 3])
    }

    fn revocation(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks.step(
            "The token is revoked",
            "Each process calls the API, which answers 401. One process requests a new token. Each\n\
             sends its call once more.",
        );
        self.issue_for(5);
        self.servers.revoke_all();
        self.expect(CALL, [1, 2, 6])
    }

    fn renewal(&mut self) -> Result<(), Box<dyn Error>> {
        self.checks.step(
            "The token expires soon",
            "The new token is valid for 5 seconds. After 70 to 80 % of them, one process renews it. All\n\
             wait for the next token, and call the API with it.",
        );
        self.issue_for(3600);
        self.expect(NEXT_TOKEN, [1, 2, 3])
    }

    fn restart(&mut self, directory: &Path) -> Result<(), Box<dyn Error>> {
        self.checks.step(
            "The processes end, and another one starts",
            "It takes the token from the store.",
        );
        self.end_processes()?;
        self.processes.push(ChildProcess::start(4, directory)?);
        self.expect(CALL, [0, 1, 1])
    }

    fn end_processes(&mut self) -> Result<(), Box<dyn Error>> {
        self.processes.drain(..).try_for_each(ChildProcess::end)
    }

    /// Sets what tokens are issued from now on.
    fn issue_for(&self, seconds: u64) {
        let token = Answer::token().expires_in(seconds);
        self.servers.authorization.issue(token);
    }

    /// Gives all processes this command, with which each calls the API, and compares the counts with the promised ones.
    fn expect(
        &mut self,
        command: &str,
        [requests, taken, calls]: [usize; 3],
    ) -> Result<(), Box<dyn Error>> {
        self.servers.authorization.forget();
        self.servers.resource.forget();
        for process in &mut self.processes {
            process.command(command)?;
        }
        let mut printed = Vec::new();
        for process in &mut self.processes {
            for line in process.outcome()? {
                println!("   process {}: {line}", process.number);
                printed.push(line);
            }
        }
        let count = |text: &str| printed.iter().filter(|line| line.starts_with(text)).count();
        let succeeded = count(&format!("{CALLED} 200"));
        let (authorization, api) = (&self.servers.authorization, &self.servers.resource);
        for (what, counted, promised) in [
            ("processes that requested a token", count(ASKED), requests),
            ("processes that took it from the store", count(TOOK), taken),
            (
                "token requests that the server received",
                authorization.token_requests(),
                requests,
            ),
            ("calls that the API received", api.request_count(), calls),
            ("calls with status 200", succeeded, self.processes.len()),
        ] {
            self.checks.expect(what, &counted, &promised, "as promised");
        }
        Ok(())
    }
}
