use std::future::poll_fn;
use std::sync::Barrier;
use std::sync::atomic::AtomicBool;
use std::task::Poll;

use futures_channel::oneshot;
use pollster::block_on;

use super::*;

mod timers;

/// One for each test.
fn pool() -> &'static ThreadPool {
    pool_with(start_thread)
}

fn pool_with(start_thread: StartThread) -> &'static ThreadPool {
    let pool = ThreadPool::new(start_thread);
    pool.process.store(std::process::id(), Ordering::Relaxed);
    Box::leak(Box::new(pool))
}

/// Lets other threads run until it is so.
fn eventually(is_so: impl Fn() -> bool) -> bool {
    (0..5_000_000).any(|_| {
        std::thread::yield_now();
        is_so()
    })
}

fn has_ended(pool: &ThreadPool) -> bool {
    let state = pool.lock();
    (state.tasks, state.threads, state.idle) == (0, 0, 0)
}

#[test]
fn p2_a_thousand_tasks_that_wait_hold_no_thread() {
    let pool = pool();
    let ended = Arc::new(AtomicUsize::new(0));
    let ends = (0..1000)
        .map(|_| {
            let (end, wait) = oneshot::channel::<()>();
            let ended = Arc::clone(&ended);
            pool.spawn(Box::pin(async move {
                let _ = wait.await;
                ended.fetch_add(1, Ordering::SeqCst);
            }));
            end
        })
        .collect::<Vec<_>>();
    assert!(eventually(|| {
        let state = pool.lock();
        state.woken.is_empty() && state.threads == state.idle
    }));
    assert_eq!(pool.lock().tasks, 1000);
    assert!(pool.lock().threads <= MOST_IDLE);
    drop(ends);
    assert!(eventually(|| has_ended(pool)));
    assert_eq!(ended.load(Ordering::SeqCst), 1000);
}

#[test]
fn p2_tasks_that_block_do_not_wait_for_each_other() {
    let pool = pool();
    let all = Arc::new(Barrier::new(20));
    for number in 0..20 {
        let (end, wait) = oneshot::channel::<()>();
        let all = Arc::clone(&all);
        pool.spawn(Box::pin(async move {
            if number % 2 == 0 {
                let _ = wait.await;
            }
            all.wait();
        }));
        drop(end);
    }
    assert!(eventually(|| has_ended(pool)));
}

#[test]
fn p2_a_task_that_waits_is_woken_while_another_one_blocks() {
    let pool = pool();
    let (end, wait) = oneshot::channel::<()>();
    let (blocked, unblock) = std::sync::mpsc::channel::<()>();
    let has_run = Arc::new(AtomicBool::new(false));
    let ran = Arc::clone(&has_run);
    pool.spawn(Box::pin(async move {
        let _ = wait.await;
        ran.store(true, Ordering::SeqCst);
    }));
    pool.spawn(Box::pin(async move {
        let _ = unblock.recv();
    }));
    drop(end);
    assert!(eventually(|| has_run.load(Ordering::SeqCst)));
    drop(blocked);
    assert!(eventually(|| has_ended(pool)));
}

#[test]
fn p2_a_task_that_is_woken_while_it_runs_is_polled_again() {
    let pool = pool();
    let (end, ended) = oneshot::channel();
    pool.spawn(Box::pin(async move {
        let mut polls = 0;
        poll_fn(|context| {
            polls += 1;
            context.waker().wake_by_ref();
            context.waker().wake_by_ref();
            if polls < 3 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        end.send(polls).unwrap();
    }));
    assert_eq!(block_on(ended), Ok(3));
    assert!(eventually(|| has_ended(pool)));
}

#[test]
fn s4_a_task_for_which_there_is_no_thread_is_dropped_at_once() {
    let pool = pool_with(|_| false);
    let (end, ended) = oneshot::channel::<()>();
    pool.spawn(Box::pin(async move {
        let _end = end;
    }));
    assert!(block_on(ended).is_err());
    assert!(has_ended(pool));
}

#[test]
fn s4_a_task_that_nothing_can_wake_is_dropped() {
    let pool = pool();
    let (end, ended) = oneshot::channel::<()>();
    pool.spawn(Box::pin(async move {
        let _end = end;
        std::future::pending::<()>().await;
    }));
    assert!(block_on(ended).is_err());
    assert!(eventually(|| has_ended(pool)));
}

#[test]
fn s5_no_lock_is_held_while_a_thread_starts() {
    let pool = pool_with(|pool| pool.state.try_lock().is_ok() && start_thread(pool));
    let (end, ended) = oneshot::channel();
    pool.spawn(Box::pin(async move { end.send(()).unwrap() }));
    assert_eq!(block_on(ended), Ok(()));
    assert!(eventually(|| has_ended(pool)));
}

#[test]
fn x5_a_task_that_panics_does_not_affect_the_others() {
    let pool = pool();
    pool.spawn(Box::pin(async { panic!("a task that panics, on purpose") }));
    let (end, ended) = oneshot::channel();
    pool.spawn(Box::pin(async move { end.send(()).unwrap() }));
    assert_eq!(block_on(ended), Ok(()));
    assert!(eventually(|| has_ended(pool)));
}

#[test]
fn s5_a_task_of_the_process_that_forked_this_one_is_not_touched() {
    let pool = pool_with(|_| true);
    let (end, ended) = oneshot::channel::<()>();
    let task: BoxFuture = Box::pin(async move {
        let _end = end;
    });
    pool.spawn(task);
    let task = pool.lock().woken.pop_front().unwrap();
    pool.process.store(0, Ordering::Relaxed);
    // Held by a thread that this process does not have.
    let held = pool.lock();
    let waker = Waker::from(Arc::clone(&task));
    waker.wake_by_ref();
    waker.wake();
    task.drop_future();
    assert!(block_on(ended).is_err());
    drop(held);
}

#[test]
fn x5_a_task_that_panics_when_it_is_dropped_ends_no_thread() {
    struct PanicsOnDrop;
    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("a task that panics when it is dropped, on purpose");
        }
    }
    let pool = pool();
    pool.spawn(Box::pin(async {
        let _value = PanicsOnDrop;
        std::future::pending::<()>().await;
    }));
    assert!(eventually(|| has_ended(pool)));
}

#[test]
fn s5_a_forked_process_waits_for_no_lock_of_its_parent() {
    let pools = [const { ThreadPool::new(start_thread) }; 8];
    let pools = Box::leak(Box::new(pools));
    let mut held = Vec::new();
    // Each forks the next one while it holds its lock.
    for process in 1..=8 {
        let pool = ThreadPool::of(process, pools);
        held.push(pool.state.try_lock().unwrap());
        assert!(std::ptr::eq(pool, ThreadPool::of(process, pools)));
    }
    let ninth = ThreadPool::of(9, pools);
    assert!(std::ptr::eq(ninth, ThreadPool::of(9, pools)));
}

#[test]
fn s5_a_forked_process_uses_no_pool_of_an_ancestor_whose_id_it_has() {
    let pools = [const { ThreadPool::new(start_thread) }; 8];
    let pools = Box::leak(Box::new(pools));
    let [ancestor, parent, own] = [1, 2, 1].map(|process| ThreadPool::of(process, pools));
    assert!(!std::ptr::eq(own, ancestor) && !std::ptr::eq(own, parent));
    assert!(std::ptr::eq(own, ThreadPool::of(1, pools)));
}

#[test]
fn s5_threads_of_one_process_use_one_pool() {
    let own = ThreadPool::of_this_process();
    assert!(own.is_in_use());
    std::thread::scope(|scope| {
        let threads = (0..8).map(|_| scope.spawn(ThreadPool::of_this_process));
        for thread in threads.collect::<Vec<_>>() {
            assert!(std::ptr::eq(thread.join().unwrap(), own));
        }
    });
}

#[test]
fn p2_a_task_may_block_until_another_one_has_ended() {
    fn nested(pool: &'static ThreadPool, depth: u32) -> BoxFuture {
        Box::pin(async move {
            if depth > 0 {
                let (end, ended) = oneshot::channel();
                let inner = nested(pool, depth - 1);
                pool.spawn(Box::pin(async move {
                    inner.await;
                    end.send(()).unwrap();
                }));
                block_on(ended).unwrap();
            }
        })
    }
    let pool = pool();
    for _ in 0..4 {
        pool.spawn(nested(pool, 20));
    }
    assert!(eventually(|| has_ended(pool)));
}
