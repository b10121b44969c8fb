//! Calls of the network: how it takes them, and when their posts appear.

use domain::delivery::timing::CALL;
use domain::delivery::{CallOutcome, Fence, faults};
use jiff::{SignedDuration, Timestamp};

use crate::event::Event;
use crate::invariants;
use crate::network::{Behaviour, Call};
use crate::table::Id;
use crate::weather::Takes;
use crate::worker::Material;
use crate::world::Outside;

impl Outside {
    /// The bytes of a call leave: what the worker gets to know, and when.
    pub(crate) fn call(
        &mut self,
        id: Id,
        fence: Fence,
        material: Material,
    ) -> (Timestamp, CallOutcome) {
        let Material { account, text } = material;
        let call = Call {
            id,
            fence,
            text,
            at: self.now,
        };
        invariants::on_call(self, &call);
        let behaviour = self.behaviour();
        let longest = match behaviour {
            Behaviour::PostsLate => CALL + self.weather.network.late_effect_max(),
            Behaviour::Accepts if self.weather.network.takes == Takes::Jobs => {
                SignedDuration::from_mins(20)
            }
            _ => SignedDuration::ZERO,
        };
        let tenths = if longest.is_zero() {
            0
        } else {
            i32::try_from(self.tape.choose(11)).unwrap()
        };
        let pause = longest * tenths / 10;
        let number = self.network.calls.len();
        let fate = self
            .network
            .begin(call, account.credential, behaviour, pause);
        self.say(|| {
            format!("call {number} of delivery {id} (fence {fence}, text {text}): {behaviour:?}")
        });
        if let Some(appears) = fate.appears {
            self.at(appears, Event::Appear(number));
        }
        fate.answer.unwrap_or_else(|| {
            let unknown = CallOutcome::Unknown(faults::call_timed_out());
            (self.now + CALL, unknown)
        })
    }

    fn behaviour(&mut self) -> Behaviour {
        if !self.weather.network_trouble {
            return Behaviour::Accepts;
        }
        self.tape.pick(&[
            Behaviour::Accepts,
            Behaviour::Accepts,
            Behaviour::LosesAnswer,
            Behaviour::LosesCall,
            Behaviour::PostsLate,
            Behaviour::LimitsRate,
            Behaviour::Rejects,
            Behaviour::Revokes,
            Behaviour::EndsSession,
        ])
    }

    pub(crate) fn appear(&mut self, number: usize) {
        let post = self.network.appear(number, self.now);
        self.say(|| format!("post {number} of delivery {} appears", post.id));
        invariants::on_appearance(self, &post);
    }
}
