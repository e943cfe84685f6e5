//! Runs stages of the engine. `microbench list` prints their names; `microbench NAME TIMES` runs one so many times, to count its
//! instructions; `microbench` alone prints the nanoseconds that each takes, natively or as WebAssembly.

use std::{env, time::Instant};

use microbench::stages;

/// Measurements of one stage, and seconds for each. The best one counts, since other work only makes a stage slower.
const MEASURED: u32 = 20;
const SECONDS: f64 = 0.02;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.as_slice() {
        [] => time_all(),
        [list] if list == "list" => stages().iter().for_each(|stage| println!("{}", stage.name)),
        [name, times] => run(name, times.parse().expect("a number of times")),
        _ => panic!("usage: microbench [list | NAME TIMES]"),
    }
}

fn run(name: &str, times: u32) {
    let mut stage = stages().into_iter().find(|stage| stage.name == name).expect("a stage of this name");
    for _ in 0..times {
        (stage.run)();
    }
}

fn time_all() {
    for mut stage in stages() {
        let mut times = 1;
        let mut best = f64::MAX;
        for _ in 0..MEASURED {
            let began = Instant::now();
            for _ in 0..times {
                (stage.run)();
            }
            let taken = began.elapsed().as_secs_f64();
            best = best.min(taken / f64::from(times));
            if taken < SECONDS {
                times *= 2;
            }
        }
        let a_byte = match stage.bytes {
            0 => String::new(),
            #[expect(clippy::cast_precision_loss, reason = "at most a few megabytes")]
            bytes => format!("{:10.1} a byte, of {bytes}", best * 1e9 / bytes as f64),
        };
        println!("{:16}{:12.0}{a_byte}", stage.name, best * 1e9);
    }
}
