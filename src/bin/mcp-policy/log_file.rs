//! Logs that the verbs read line by line: larger than memory, or from a pipe.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::source::{display_name, take_stdin};

/// An open log.
pub(crate) struct LogFile {
    name: String,
    reader: Box<dyn BufRead>,
    /// Hidden unless stderr is a terminal.
    progress: ProgressBar,
    line: Vec<u8>,
}

/// A line of a log.
pub(crate) enum Line<'l> {
    /// Its text.
    Text(&'l str),
    /// It is too long, or not UTF-8.
    Unreadable,
}

/// A record has at most 4 KiB; a collector that sends 8192 at once, each quoted and with what it adds, is below this.
const MAX_LINE: u64 = 1 << 26;
/// What is read at once.
const BUFFER: usize = 1 << 18;

impl LogFile {
    /// Opens a log; `-` is stdin.
    ///
    /// # Errors
    /// A sentence on why it cannot be opened.
    pub(crate) fn open(file: &str) -> Result<Self, String> {
        let name = display_name(file);
        let (reader, progress): (Box<dyn Read>, ProgressBar) = if file == "-" {
            (Box::new(take_stdin()?), ProgressBar::new_spinner())
        } else {
            let open = || {
                let file = File::open(file)?;
                let size = file.metadata()?.len();
                Ok((file, size))
            };
            let (file, size) = open().map_err(|error: std::io::Error| format!("cannot read {name}: {error}"))?;
            (Box::new(file), ProgressBar::new(size).with_style(style()))
        };
        let reader = Box::new(BufReader::with_capacity(BUFFER, progress.wrap_read(reader)));
        Ok(Self { name, reader, progress, line: Vec::new() })
    }

    /// The log's name in a sentence.
    pub(crate) fn display_name(&self) -> &str {
        &self.name
    }

    /// The next line without its end; `None` at the end of the log.
    ///
    /// # Errors
    /// A sentence on why it cannot be read.
    pub(crate) fn next_line(&mut self) -> Result<Option<Line<'_>>, String> {
        self.line.clear();
        let failed = |error: std::io::Error| format!("cannot read {}: {error}", self.name);
        let read = self.reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.line).map_err(failed)?;
        if read == 0 {
            self.progress.finish_and_clear();
            return Ok(None);
        }
        let is_whole =
            self.line.last() == Some(&b'\n') || self.line.len() < usize::try_from(MAX_LINE).unwrap_or(usize::MAX);
        if !is_whole {
            self.reader.skip_until(b'\n').map_err(failed)?;
            return Ok(Some(Line::Unreadable));
        }
        let text = std::str::from_utf8(&self.line).map(|text| text.trim_end_matches(['\n', '\r']));
        Ok(Some(text.map_or(Line::Unreadable, Line::Text)))
    }
}

fn style() -> ProgressStyle {
    let template = "{bar:30} {percent:>3} %  {bytes} of {total_bytes}, {eta} left";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
