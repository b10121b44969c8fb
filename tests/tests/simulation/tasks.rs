//! Processes at work: each is a future that goes on when its time comes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;

use crate::event::Event;
use crate::world::{Wish, World};

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    /// When it is given up, if ever.
    deadline: Option<Timestamp>,
}

/// All processes of a history.
pub(crate) struct Tasks {
    world: World,
    running: Vec<Option<Task>>,
    first: usize,
}

impl Tasks {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            world: world.clone(),
            running: Vec::new(),
            first: 0,
        }
    }

    /// Starts a process, which is given up at `deadline`.
    pub(crate) fn spawn(
        &mut self,
        deadline: Option<Timestamp>,
        future: impl Future<Output = ()> + 'static,
    ) {
        let free = (self.first..self.running.len()).find(|number| self.running[*number].is_none());
        let number = free.unwrap_or_else(|| {
            self.running.push(None);
            self.running.len() - 1
        });
        self.running[number] = Some(Task {
            future: Box::pin(future),
            deadline,
        });
        self.wake(number);
    }

    /// Lets a process go on.
    pub(crate) fn wake(&mut self, number: usize) {
        let Some(mut task) = self.running[number].take() else {
            return;
        };
        {
            let mut outside = self.world.outside();
            outside.task = number;
            if task.deadline.is_some_and(|deadline| outside.now > deadline) {
                outside.time_is_up();
                return;
            }
        }
        let poll = task
            .future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        let mut outside = self.world.outside();
        match (poll, outside.wish) {
            (Poll::Ready(()), _) | (Poll::Pending, Wish::Die) => outside.end_call(),
            (Poll::Pending, Wish::Wake(at, still)) => {
                // Whoever stands still does not see its time run out.
                task.deadline = task.deadline.map(|deadline| deadline + still);
                outside.at(at, Event::Wake(number));
                self.running[number] = Some(task);
            }
        }
    }

    /// All processes die. Their numbers are not used again, for their timers are still set.
    pub(crate) fn die(&mut self) {
        self.running.iter_mut().for_each(|task| *task = None);
        self.first = self.running.len();
    }
}
