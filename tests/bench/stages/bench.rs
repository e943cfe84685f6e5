//! The stages natively, by wall clock: `./build.sh bench stages`.

fn main() {
    divan::main();
}

#[divan::bench(args = stages::stages().into_iter().map(|stage| stage.name))]
fn stage(bencher: divan::Bencher<'_, '_>, name: &str) {
    let mut stage = stages::stages().into_iter().find(|stage| stage.name == name).expect("a stage of this name");
    bencher.bench_local(move || (stage.run)());
}
