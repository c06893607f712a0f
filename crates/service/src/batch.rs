//! Batches: what arrives while the database or Redis is busy with one batch is sent together in the next.
//!
//! One statement for many rows costs little more than for one, and a batch of one waits for nothing. So batches are small and
//! immediate while there is little to do, and grow with the load.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};

/// Requests that wait for a batch; more wait for a place. Bounds the memory while the database does not answer.
const MAX_QUEUED: usize = 1_024;

/// Sends requests in batches. Its task ends when it is dropped and all requests are answered.
#[derive(Debug)]
pub struct Batcher<Q, A> {
    queue: mpsc::Sender<Pending<Q, A>>,
}

#[derive(Debug)]
struct Pending<Q, A> {
    request: Q,
    answer: oneshot::Sender<A>,
}

/// A batch ended without answers: its task panicked. Its requests may have been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a batch ended without an answer")]
pub struct Unanswered;

impl<Q: Send + 'static, A: Send + 'static> Batcher<Q, A> {
    /// Starts a batcher that runs up to `parallel` batches of up to `max_size` requests at a time. `run` returns one answer
    /// per request, in their order.
    pub fn start<R, F>(parallel: usize, max_size: usize, run: R) -> Self
    where
        R: Fn(Vec<Q>) -> F + Send + Sync + 'static,
        F: Future<Output = Vec<A>> + Send,
    {
        let (queue, mut arrived) = mpsc::channel::<Pending<Q, A>>(MAX_QUEUED);
        let (running, run) = (Arc::new(Semaphore::new(parallel)), Arc::new(run));
        tokio::spawn(async move {
            while let Ok(permit) = running.clone().acquire_owned().await {
                let mut batch = Vec::new();
                if arrived.recv_many(&mut batch, max_size).await == 0 {
                    return;
                }
                batch.retain(|pending: &Pending<Q, A>| !pending.answer.is_closed());
                if batch.is_empty() {
                    continue;
                }
                let run = run.clone();
                tokio::spawn(async move {
                    let (requests, answers): (Vec<_>, Vec<_>) =
                        batch.into_iter().map(|pending| (pending.request, pending.answer)).unzip();
                    for (answer, result) in answers.into_iter().zip(run(requests).await) {
                        // Nobody listens if the client has disconnected.
                        let _ = answer.send(result);
                    }
                    drop(permit);
                });
            }
        });
        Self { queue }
    }

    /// Sends a request with the next batch, and returns its answer. If the returned future is dropped, the request may still be
    /// carried out.
    ///
    /// # Errors
    /// [`Unanswered`].
    pub async fn send(&self, request: Q) -> Result<A, Unanswered> {
        let (answer, answered) = oneshot::channel();
        let queued = self.queue.send(Pending { request, answer }).await;
        queued.map_err(|_| Unanswered)?;
        answered.await.map_err(|_| Unanswered)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn requests_that_arrive_during_a_batch_form_the_next() {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let (seen, open) = (sizes.clone(), Arc::new(Semaphore::new(0)));
        let gate = open.clone();
        let batcher = Batcher::start(1, 4, move |numbers: Vec<u32>| {
            let gate = gate.clone();
            seen.lock().unwrap().push(numbers.len());
            async move {
                gate.acquire().await.unwrap().forget();
                numbers.into_iter().map(|number| number * 2).collect()
            }
        });
        let first = batcher.send(1);
        tokio::pin!(first);
        assert!(futures::poll!(&mut first).is_pending());
        while sizes.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let others = join_all((2..8).map(|number| batcher.send(number)));
        tokio::pin!(others);
        assert!(futures::poll!(&mut others).is_pending());
        open.add_permits(3);
        let doubled: Vec<u32> = others.await.into_iter().map(Result::unwrap).collect();
        assert_eq!((first.await.unwrap(), doubled), (2, vec![4, 6, 8, 10, 12, 14]));
        assert_eq!(*sizes.lock().unwrap(), [1, 4, 2]);
    }

    #[tokio::test]
    async fn a_request_whose_client_has_gone_is_left_out() {
        let (sizes, open) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let (seen, gate) = (sizes.clone(), open.clone());
        let batcher = Batcher::start(1, 4, move |numbers: Vec<u32>| {
            seen.lock().unwrap().push(numbers.clone());
            let gate = gate.clone();
            async move {
                gate.acquire().await.unwrap().forget();
                numbers
            }
        });
        let mut first = Box::pin(batcher.send(1));
        assert!(futures::poll!(&mut first).is_pending());
        while sizes.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let (mut gone, mut last) = (Box::pin(batcher.send(2)), Box::pin(batcher.send(3)));
        assert!(futures::poll!(&mut gone).is_pending() && futures::poll!(&mut last).is_pending());
        drop(gone);
        open.add_permits(2);
        assert_eq!((first.await.unwrap(), last.await.unwrap()), (1, 3));
        assert_eq!(*sizes.lock().unwrap(), [vec![1], vec![3]]);
    }

    #[tokio::test]
    async fn a_batch_that_panics_fails_its_requests_and_no_others() {
        let batcher = Batcher::start(1, 1, |numbers: Vec<u32>| async move {
            assert_ne!(numbers, [13]);
            numbers
        });
        assert!(batcher.send(13).await.is_err());
        assert_eq!(batcher.send(12).await.unwrap(), 12);
    }
}
