//! Several instances over one register, in any order of events: a lease has one holder (D3, D7).

use proptest::prelude::*;

use super::*;

type Record = SharedRecord<u64, ()>;

const INSTANCES: usize = 4;
const ATTEMPT: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(u64),
    Read(usize),
    /// It takes the lease if its latest reading said so, however old that is.
    TakeLease(usize),
    /// The same, but its reply is lost.
    TakeLeaseWithoutReply(usize),
    Save(usize),
    Fail(usize),
    /// It is started again, and knows nothing.
    Restart(usize),
}

/// A value that is replaced only if its version has not changed.
struct Register {
    version: u32,
    record: Record,
}

struct Instance {
    sharing: Sharing<u32>,
    read: Option<(u32, Record)>,
    lease: Option<Lease>,
}

struct Lease {
    version: u32,
    record: Record,
    until: Moment,
}

fn steps() -> impl Strategy<Value = Step> {
    let instance = || 0..INSTANCES;
    prop_oneof![
        4 => (0_u64..8_000).prop_map(Step::Pass),
        6 => instance().prop_map(Step::Read),
        6 => instance().prop_map(Step::TakeLease),
        1 => instance().prop_map(Step::TakeLeaseWithoutReply),
        1 => instance().prop_map(Step::Save),
        1 => instance().prop_map(Step::Fail),
        1 => instance().prop_map(Step::Restart),
    ]
}

proptest! {
    #[test]
    fn d3_d7_a_lease_has_one_holder_and_numbers_only_increase(
        steps in prop::collection::vec(steps(), 1..150),
    ) {
        let mut now = at(100);
        let mut register = Register { version: 0, record: Record::EMPTY };
        let mut instances: Vec<_> = (0..INSTANCES).map(|_| Instance::new()).collect();
        for step in steps {
            let before = register.record.number;
            match step {
                Step::Pass(time) => now = now + millis(time),
                Step::Read(i) => instances[i].read(now, &register),
                Step::TakeLease(i) => instances[i].take_lease(now, &mut register, Reply::Arrives),
                Step::TakeLeaseWithoutReply(i) => {
                    instances[i].take_lease(now, &mut register, Reply::IsLost);
                }
                Step::Save(i) => instances[i].save(now, &mut register),
                Step::Fail(i) => instances[i].fail(now, &mut register),
                Step::Restart(i) => instances[i] = Instance::new(),
            }
            prop_assert!(before <= register.record.number);
            let held = instances.iter().filter_map(|instance| instance.lease.as_ref());
            let held: Vec<_> = held.filter(|lease| now < lease.until).collect();
            prop_assert!(held.len() <= 1, "{} hold the lease", held.len());
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reply {
    Arrives,
    IsLost,
}

impl Register {
    fn write(&mut self, expected: u32, record: Record) -> Option<u32> {
        if self.version != expected {
            return None;
        }
        self.version += 1;
        self.record = record;
        Some(self.version)
    }
}

impl Instance {
    fn new() -> Self {
        Self {
            sharing: Sharing::new(secs(10)),
            read: None,
            lease: None,
        }
    }

    fn read(&mut self, now: Moment, register: &Register) {
        let (version, record) = (register.version, &register.record);
        let clocks = clocks(now);
        let decision = self.sharing.decide(clocks, Some(version), record, secs(10));
        self.read = (decision == ReadDecision::TakeLease { refused: None })
            .then(|| (version, record.clone()));
    }

    fn take_lease(&mut self, now: Moment, register: &mut Register, reply: Reply) {
        let Some((version, record)) = self.read.take() else {
            return;
        };
        // If it had one, the attempt with that has ended (S4, B3).
        self.lease = None;
        let record = self.sharing.take_lease(&record, ATTEMPT);
        let Occupancy::Leased { length } = record.occupancy else {
            unreachable!("it has the lease");
        };
        let written = register.write(version, record.clone());
        match written {
            _ if reply == Reply::IsLost => {}
            None => {
                self.sharing.conflicted();
            }
            Some(version) => {
                self.sharing.written(now, version);
                self.sharing.leased(version);
                self.lease = Some(Lease {
                    version,
                    record,
                    until: now + length,
                });
            }
        }
    }

    fn save(&mut self, now: Moment, register: &mut Register) {
        let Some(Lease {
            version, record, ..
        }) = self.lease.take()
        else {
            return;
        };
        let number = record.number;
        self.sharing.hold(number);
        let token = SharedToken {
            token: number,
            number,
            obtained_at: clocks(now).wall,
            lifetime: Some(secs(20)),
        };
        let saved = record.saved(token.clone()).unwrap();
        if let Some(version) = register.write(version, saved) {
            self.sharing.written(now, version);
        } else if let Some(saved) = register.record.saved(token) {
            register.write(register.version, saved);
        }
    }

    fn fail(&mut self, now: Moment, register: &mut Register) {
        if let Some(Lease {
            version,
            mut record,
            ..
        }) = self.lease.take()
        {
            record.fail(clocks(now).wall, Duration::ZERO, ());
            register.write(version, record);
        }
    }
}

fn clocks(now: Moment) -> Clocks {
    Clocks {
        now,
        wall: WallTime(Duration::from_nanos(now.as_nanos())),
    }
}
