//! The same work for many things, on a few threads.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Does the work for each item on up to `jobs` threads, and takes the results as they come, on the thread of the
/// caller. When `goes_on` says no, items that are not begun stay so.
///
/// At any time there are no more results in memory than a few for each thread.
pub(super) fn each<T: Sync, R: Send>(
    items: &[T],
    jobs: NonZero<usize>,
    goes_on: &(dyn Fn() -> bool + Sync),
    work: &(dyn Fn(&T) -> R + Sync),
    take: &mut dyn FnMut(&T, R),
) {
    let next = AtomicUsize::new(0);
    let threads = jobs.get().min(items.len());
    let (sender, receiver) = mpsc::sync_channel(threads * 4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while goes_on() {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    // Whoever takes results does so until all threads are done.
                    let _ = sender.send((at, work(item)));
                }
            });
        }
        drop(sender);
        for (at, result) in receiver {
            take(&items[at], result);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn each_item_is_worked_on_once_until_it_is_enough() {
        let items: Vec<usize> = (0..1000).collect();
        let jobs = NonZero::new(7).unwrap();
        let mut done = Vec::new();
        each(&items, jobs, &|| true, &|item| item * 2, &mut |item, result| done.push((*item, result)));
        done.sort_unstable();
        assert_eq!(done, items.iter().map(|item| (*item, item * 2)).collect::<Vec<_>>());

        let stop = AtomicBool::new(false);
        let mut taken = 0;
        each(&items, jobs, &|| !stop.load(Ordering::Relaxed), &|_| (), &mut |_, ()| {
            taken += 1;
            stop.store(taken >= 10, Ordering::Relaxed);
        });
        assert!((10..500).contains(&taken), "{taken}");
    }
}
