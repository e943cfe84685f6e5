//! Compresses the console's page, which the module carries.

use std::{env, fs, io::Write as _, path::Path};

use flate2::{Compression, GzBuilder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = env::var("OUT_DIR")?;
    for name in ["index.html", "console.js", "console.css"] {
        let source = format!("src/console/page/{name}");
        println!("cargo::rerun-if-changed={source}");
        // The archive has neither a time nor a file name, so that each build of a page has the same bytes.
        let file = fs::File::create(Path::new(&out).join(format!("{name}.gz")))?;
        let mut compressed = GzBuilder::new().operating_system(255).write(file, Compression::best());
        compressed.write_all(&fs::read(source)?)?;
        compressed.finish()?;
    }
    Ok(())
}
