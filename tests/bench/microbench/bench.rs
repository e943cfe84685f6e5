//! Measures the stages natively, by wall clock: `./build.sh bench microbench`.

fn main() {
    divan::main();
}

#[divan::bench(args = microbench::stages().into_iter().map(|stage| stage.name))]
fn stage(bencher: divan::Bencher<'_, '_>, name: &str) {
    let mut stage = microbench::stages().into_iter().find(|stage| stage.name == name).expect("a stage of this name");
    bencher.bench_local(move || (stage.run)());
}
