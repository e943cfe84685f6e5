//! Two Envoys and one etcd, whose questions and answers arrive in any order, late or never.

use proptest::{collection::vec, prelude::*};

use super::{answer, approve, ask, closed, kept_in_etcd, now, question, unlimited, worker};
use crate::{
    cases,
    etcd::Etcd,
    proxy::{CallResponse, OwnCall, Part, Stream, Worker},
    request::call,
};

/// What happens next. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Act {
    /// A caller repeats the call at one of the Envoys.
    Call { envoy: usize },
    /// A question reaches etcd.
    Reach { which: usize },
    /// An answer, if there is one, reaches the Envoy; else it has waited long enough.
    Answer { which: usize },
    /// The Envoy has waited long enough, whatever is under way.
    TimeOut { which: usize },
    /// The caller leaves.
    Leave { which: usize },
    /// An approver approves what is pending.
    Approve,
}

fn acts() -> impl Strategy<Value = Act> {
    let which = || 0..64_usize;
    prop_oneof![
        3 => (0..2_usize).prop_map(|envoy| Act::Call { envoy }),
        6 => which().prop_map(|which| Act::Reach { which }),
        6 => which().prop_map(|which| Act::Answer { which }),
        1 => which().prop_map(|which| Act::TimeOut { which }),
        1 => which().prop_map(|which| Act::Leave { which }),
        1 => Just(Act::Approve),
    ]
}

/// A question under way, and the answer if it has reached etcd.
struct Question {
    envoy: usize,
    asked: OwnCall,
    answer: Option<CallResponse>,
}

/// Two Envoys, what they wait for, and what is under way between them and etcd.
struct Fleet<'w> {
    envoys: &'w mut [Worker; 2],
    etcd: Etcd,
    streams: Vec<(usize, Stream)>,
    questions: Vec<Question>,
    /// Questions whose Envoy has given up; they may reach etcd all the same.
    late: Vec<OwnCall>,
    approved: usize,
    passed: usize,
}

impl Fleet<'_> {
    fn act(&mut self, act: &Act) {
        match *act {
            Act::Call { envoy } => {
                let stream = call("asked").send(&mut self.envoys[envoy]);
                assert!(!stream.went_on.is_whole, "etcd has said nothing yet");
                self.streams.push((envoy, stream));
            }
            Act::Reach { which } => {
                let waiting = self.questions.iter_mut().filter(|question| question.answer.is_none());
                let mut waiting: Vec<_> = waiting.collect();
                match which % (waiting.len() + self.late.len()).max(1) {
                    n if n < waiting.len() => {
                        let question = &mut waiting[n];
                        question.answer = Some(answer(&mut self.etcd, &question.asked));
                    }
                    n if n < waiting.len() + self.late.len() => {
                        let asked = self.late.swap_remove(n - waiting.len());
                        answer(&mut self.etcd, &asked);
                    }
                    _ => {}
                }
            }
            Act::Answer { which } if !self.questions.is_empty() => {
                let question = self.questions.swap_remove(which % self.questions.len());
                let said = question.answer.clone().unwrap_or_else(|| closed(14));
                self.receive(question, &said);
            }
            Act::TimeOut { which } if !self.questions.is_empty() => {
                let question = self.questions.swap_remove(which % self.questions.len());
                self.receive(question, &closed(14));
            }
            Act::Leave { which } if !self.streams.is_empty() => {
                let (envoy, mut stream) = self.streams.swap_remove(which % self.streams.len());
                stream.close(&mut self.envoys[envoy]);
            }
            Act::Approve => self.approved += approve(&mut self.etcd, now(&mut self.envoys[0])),
            Act::Answer { .. } | Act::TimeOut { .. } | Act::Leave { .. } => {}
        }
        self.collect();
    }

    /// Hands an answer to the Envoy that asked.
    fn receive(&mut self, question: Question, said: &CallResponse) {
        let Question { envoy, asked, answer } = question;
        let worker = &mut self.envoys[envoy];
        match self.streams.iter_mut().find(|(at, stream)| (*at, stream.id) == (envoy, asked.stream)) {
            Some((_, stream)) => {
                let was_open = stream.is_open();
                stream.receive(worker, asked.number, said);
                if was_open && stream.went_on.is_whole {
                    self.passed += 1;
                    // What a server answers does not go back.
                    let head = [(":status", "200"), ("x-envoy-upstream-service-time", "1")];
                    stream.answer(worker, Part::Head(&head), true);
                }
            }
            None => worker.respond_stray(asked.number, said),
        }
        worker.world().calls.retain(|own| own.number != asked.number);
        if answer.is_none() {
            self.late.push(asked);
        }
    }

    /// Takes up the questions that the Envoys have asked.
    fn collect(&mut self) {
        for (envoy, worker) in self.envoys.iter_mut().enumerate() {
            for asked in &worker.world().calls {
                let is_known =
                    self.questions.iter().any(|known| (known.envoy, known.asked.number) == (envoy, asked.number));
                if !is_known {
                    self.questions.push(Question { envoy, asked: asked.clone(), answer: None });
                }
            }
        }
        assert!(self.passed <= self.approved, "{} pass, and {} were approved", self.passed, self.approved);
    }
}

#[test]
fn in_every_order_of_questions_answers_and_timeouts_no_more_pass_than_were_approved() {
    let mut envoys = [(); 2].map(|()| worker(&unlimited("hold")));
    let (mut passed, mut approved) = (0, 0);
    let total = std::cell::RefCell::new((&mut passed, &mut approved));
    let envoys = std::cell::RefCell::new(&mut envoys);
    cases::run(300, &vec(acts(), 1..120), |acts| {
        let mut envoys = envoys.borrow_mut();
        let mut fleet = Fleet {
            envoys: &mut envoys,
            etcd: Etcd::default(),
            streams: Vec::new(),
            questions: Vec::new(),
            late: Vec::new(),
            approved: 0,
            passed: 0,
        };
        ask(&mut fleet.envoys[0], &mut fleet.etcd);
        fleet.approved += approve(&mut fleet.etcd, now(&mut fleet.envoys[0]));
        acts.iter().for_each(|act| fleet.act(act));
        let (passed, approved) = &mut *total.borrow_mut();
        **passed += fleet.passed;
        **approved += fleet.approved;
        for (envoy, mut stream) in std::mem::take(&mut fleet.streams) {
            stream.close(&mut fleet.envoys[envoy]);
        }
        fleet.envoys.iter_mut().for_each(|worker| worker.world().calls.clear());
    });
    assert!(
        10 * passed > approved && passed < approved,
        "{passed} of {approved}: some pass, and some approvals are lost"
    );
}

#[test]
fn a_question_that_is_answered_reaches_only_the_stream_that_asked() {
    let mut worker = worker(&kept_in_etcd("hold", ""));
    let mut etcd = Etcd::default();
    let mut streams = [(); 3].map(|()| call("asked").send(&mut worker));
    let questions = streams.each_ref().map(|stream| question(&mut worker, stream).expect("a question"));
    for (stream, asked) in streams.iter_mut().zip(&questions).rev() {
        let said = answer(&mut etcd, asked);
        stream.receive(&mut worker, asked.number, &said);
        assert!(stream.is_open(), "it has more to ask");
    }
}
