//! The times of the publishing protocol. They depend on each other: see the assertions at the end.

use jiff::{SignedDuration, Timestamp};

use crate::clock::whole_second_at_or_after;

/// How far ahead of its time a delivery is sent to the queue: three ticks of the dispatcher.
pub const LOOK_AHEAD: SignedDuration = SignedDuration::from_secs(180);
/// How early a message may arrive and still be worked on; more is a clock difference or a queue without delays.
pub const EARLY: SignedDuration = SignedDuration::from_secs(2);
/// After this a message that woke nobody is sent again.
pub const RESEND: SignedDuration = SignedDuration::from_mins(10);
/// Pause after a fault of our own before the call.
pub const OWN_FAULT_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// Longest time that one invocation of the publishing function may run.
pub const FUNCTION_TIMEOUT: SignedDuration = SignedDuration::from_secs(60);
/// Until when, from its claim, a delivery's publishing call must have ended: 15 s are left to record its outcome.
pub const MESSAGE_DEADLINE: SignedDuration = SignedDuration::from_secs(45);
/// Longest time of the publishing call.
pub const CALL: SignedDuration = SignedDuration::from_secs(30);
/// Longest time that everything before the intent may take, so that no call is cut short by the deadline.
pub const PREPARE: SignedDuration =
    SignedDuration::from_secs(MESSAGE_DEADLINE.as_secs() - CALL.as_secs());
/// Longest time that one message may be worked on, whatever happens: what is left is for the answer to the queue.
pub const MESSAGE_MAX: SignedDuration = SignedDuration::from_secs(58);
/// How long a claim is good: longer than any invocation with a clock difference of 30 s, so no live owner loses it.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// Longest delay that a message can have (SQS).
pub const QUEUE_DELAY_MAX: SignedDuration = SignedDuration::from_secs(900);
/// Pauses between looks at an uncertain outcome; after the last one a person is asked.
pub const READ_BACK_PAUSES: [SignedDuration; 4] = [
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
    SignedDuration::from_mins(60),
];
/// How long the queue holds the message for a look that the dispatcher sends, and how long a call that was given up may
/// be on its way to a network whose records have keys: about the life of a connection.
pub const LATE_CALL: SignedDuration = SignedDuration::from_secs(30);
/// Longest time that a network may work on a job before the outcome counts as uncertain.
pub const PROCESSING_MAX: SignedDuration = SignedDuration::from_mins(120);
/// What the last try may still need after the latest time at which it can begin.
pub const SETTLE: SignedDuration = SignedDuration::from_mins(240);

/// Until when the delivery must be final, or a person asked.
pub fn deadline(due: Timestamp, max_lateness: SignedDuration) -> Timestamp {
    after(latest_start(due, max_lateness), SETTLE)
}

/// The latest time at which a try may begin.
pub fn latest_start(due: Timestamp, max_lateness: SignedDuration) -> Timestamp {
    after(due, max_lateness)
}

/// `pause` after `instant`, on a whole second.
pub fn after(instant: Timestamp, pause: SignedDuration) -> Timestamp {
    whole_second_at_or_after(instant.saturating_add(pause).unwrap_or(Timestamp::MAX))
}

const _: () = assert!(LEASE.as_secs() >= FUNCTION_TIMEOUT.as_secs() + 30);
const _: () = assert!(PREPARE.as_secs() >= 10);
const _: () = assert!(MESSAGE_DEADLINE.as_secs() + 10 <= MESSAGE_MAX.as_secs());
const _: () = assert!(MESSAGE_MAX.as_secs() < FUNCTION_TIMEOUT.as_secs());
const _: () = assert!(
    LOOK_AHEAD.as_secs() <= QUEUE_DELAY_MAX.as_secs()
        && LEASE.as_secs() <= QUEUE_DELAY_MAX.as_secs()
);
const _: () = assert!(RESEND.as_secs() > LOOK_AHEAD.as_secs());
