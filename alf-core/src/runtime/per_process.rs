//! A value for each process.

use std::sync::atomic::{AtomicU64, Ordering};

/// A value of a process that a forked one does not use: in its copy, a lock may be held by a thread that it does not have
/// (S5).
pub(super) struct PerProcess<T> {
    values: [T; VALUES],
    /// The id of the process, and the number of its value in the lower half. 0 before the first use.
    current: AtomicU64,
}

impl<T> PerProcess<T> {
    pub(super) const fn new(values: [T; VALUES]) -> Self {
        Self {
            values,
            current: AtomicU64::new(0),
        }
    }

    /// Returns the value of this process.
    pub(super) fn get(&self) -> &T {
        self.of(std::process::id())
    }

    fn of(&self, process: u32) -> &T {
        let process = u64::from(process) << 32;
        let value = |number: u64| {
            let [first, ..] = &self.values;
            let index = usize::try_from(number % VALUES as u64);
            index.map_or(first, |index| self.values.get(index).unwrap_or(first))
        };
        let mut current = self.current.load(Ordering::Acquire);
        loop {
            let number = current & NUMBER;
            if current & !NUMBER == process {
                return value(number);
            }
            // Forked, or the first use.
            let next = process | ((number + 1) & NUMBER);
            let changed =
                self.current
                    .compare_exchange(current, next, Ordering::AcqRel, Ordering::Acquire);
            current = changed.map_or_else(|by_others| by_others, |_| next);
        }
    }
}

/// A process that was forked by a forked one, and so on, so often, uses the first value again.
pub(super) const VALUES: usize = 8;
const NUMBER: u64 = 0xffff_ffff;

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn s5_a_forked_process_waits_for_no_lock_of_its_parent() {
        let locks = PerProcess::new([const { Mutex::new(()) }; VALUES]);
        let mut held = Vec::new();
        // Each forks the next one while it holds its lock.
        for process in 1..=8 {
            let lock = locks.of(process);
            held.push(lock.try_lock().unwrap());
            assert!(std::ptr::eq(lock, locks.of(process)));
        }
    }

    #[test]
    fn s5_threads_of_one_process_use_one_value() {
        let values = PerProcess::new([const { Mutex::new(()) }; VALUES]);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| values.get())).collect();
            for thread in threads {
                assert!(std::ptr::eq(thread.join().unwrap(), values.get()));
            }
        });
    }
}
