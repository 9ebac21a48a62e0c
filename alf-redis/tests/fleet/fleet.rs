//! A fleet of processes, and what came of it.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use alf_testkit::Servers;

use crate::process::{DEADLINE, Process, Reports};
use crate::protocol::{Command, Outcome, Report, Settings};
use crate::stores::Store;
use crate::table::{self, Row};

pub(crate) struct Fleet<'a> {
    store: &'a Store,
    // They are killed before their servers end.
    processes: Vec<Option<Process>>,
    pub(crate) servers: Arc<Servers>,
    settings: Settings,
    reports: (Reports, Receiver<(usize, Report)>),
    counted_requests: usize,
    outcome: Outcome,
}

impl<'a> Fleet<'a> {
    pub(crate) fn start(store: &'a Store) -> Self {
        Self::start_with(store, |_| {})
    }

    pub(crate) fn start_with(store: &'a Store, configure: impl FnOnce(&mut Settings)) -> Self {
        let servers = Arc::new(Servers::start());
        let mut settings = Settings {
            store: store.connect.clone(),
            token_endpoint: servers.token_endpoint(),
            url: servers.url("/things"),
            secret: "secret".to_owned(),
            // A busy machine is no fault of the server or of the store. (With a store, no attempt may take longer.)
            attempt_timeout: Duration::from_secs(14),
            store_timeout: Duration::from_secs(30),
            stop: None,
        };
        configure(&mut settings);
        let mut fleet = Self {
            store,
            processes: Vec::new(),
            servers,
            settings,
            reports: mpsc::channel(),
            counted_requests: 0,
            outcome: Outcome::default(),
        };
        fleet.processes.resize_with(store.processes(), || None);
        fleet.restart(fleet.all());
        fleet
    }

    pub(crate) fn all(&self) -> Range<usize> {
        0..self.processes.len()
    }

    pub(crate) fn size(&self) -> usize {
        self.processes.len()
    }

    /// Kills these processes, and starts others in their place.
    pub(crate) fn restart(&mut self, numbers: Range<usize>) {
        self.restart_with(numbers, |_| {});
    }

    pub(crate) fn restart_with(
        &mut self,
        numbers: Range<usize>,
        configure: impl FnOnce(&mut Settings),
    ) {
        let mut settings = self.settings.clone();
        configure(&mut settings);
        for number in numbers.clone() {
            let process = Process::start(number, &settings, self.reports.0.clone());
            self.processes[number] = Some(process);
        }
        self.wait_for(numbers);
    }

    pub(crate) fn kill(&mut self, number: usize) {
        self.processes[number] = None;
    }

    /// Has these processes obey a command, at the same time, and waits for all.
    pub(crate) fn run(&mut self, numbers: Range<usize>, command: &Command) {
        self.tell(numbers.clone(), command);
        self.wait_for(numbers);
    }

    pub(crate) fn tell(&mut self, numbers: Range<usize>, command: &Command) {
        for process in self.processes[numbers].iter_mut().flatten() {
            process.tell(command);
        }
    }

    /// Waits until those that have not been killed have obeyed.
    pub(crate) fn wait_for(&mut self, numbers: Range<usize>) {
        for process in self.processes[numbers].iter().flatten() {
            self.outcome.add(process.outcome());
        }
    }

    /// Waits until a process takes this lease, and returns its number.
    pub(crate) fn wait_for_lease(&self, lease: u64) -> usize {
        self.wait_for_report(|report| matches!(report, Report::Lease(number) if *number == lease))
    }

    /// Waits until a process has come to its stop, and returns its number.
    pub(crate) fn wait_for_stop(&self) -> usize {
        self.wait_for_report(|report| matches!(report, Report::Stopped))
    }

    fn wait_for_report(&self, is_wanted: impl Fn(&Report) -> bool) -> usize {
        loop {
            let (number, report) = self.reports.1.recv_timeout(DEADLINE).expect("a report");
            if is_wanted(&report) {
                return number;
            }
        }
    }

    pub(crate) fn failed_renewals(&mut self) -> usize {
        std::mem::take(&mut self.outcome.failed_renewals).len()
    }

    /// Checks the token requests since the last check, and that no call has failed, and no renewal.
    #[track_caller]
    pub(crate) fn assert_requests(&mut self, step: &str, expected: usize) {
        self.assert_requests_between(step, expected..=expected);
    }

    #[track_caller]
    pub(crate) fn assert_requests_between(&mut self, step: &str, expected: RangeInclusive<usize>) {
        let all = self.servers.authorization.token_requests();
        let requests = all - std::mem::replace(&mut self.counted_requests, all);
        let Outcome {
            calls,
            failed_calls,
            failed_renewals,
        } = std::mem::take(&mut self.outcome);
        table::add(Row {
            step: step.to_owned(),
            case: self.store.case.clone(),
            processes: self.size(),
            requests,
            expected: expected.clone(),
            calls,
            failed_calls: failed_calls.len(),
        });
        assert!(
            expected.contains(&requests) && failed_calls.is_empty() && failed_renewals.is_empty(),
            "{step}: {requests} token requests, expected {expected:?}; failed calls {failed_calls:?}, failed renewals \
             {failed_renewals:?}"
        );
    }
}
