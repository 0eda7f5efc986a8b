//! The functions' log lines: appended to a file per function, and sent to subscribers.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::broadcast;

/// How many lines a subscriber may lag before it misses some.
const BACKLOG_LINES: usize = 4096;

/// A log line of a function.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// The function's name.
    pub function: Arc<str>,
    /// The line, without its line break.
    pub line: Arc<str>,
}

/// The destination of log lines.
#[derive(Clone)]
pub(crate) struct LogSink {
    directory: Option<PathBuf>,
    files: Arc<Mutex<HashMap<Arc<str>, Arc<File>>>>,
    subscribers: broadcast::Sender<LogLine>,
}

impl LogSink {
    /// Writes `<function>.log` files into `directory`, if given.
    pub(crate) fn new(directory: Option<PathBuf>) -> io::Result<Self> {
        if let Some(directory) = &directory {
            fs::create_dir_all(directory)?;
        }
        let subscribers = broadcast::Sender::new(BACKLOG_LINES);
        Ok(Self { directory, files: Arc::default(), subscribers })
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<LogLine> {
        self.subscribers.subscribe()
    }

    /// Reads a process's output until its end.
    pub(crate) fn follow(
        &self,
        function: &str,
        output: Option<impl AsyncRead + Unpin + Send + 'static>,
    ) {
        let Some(output) = output else { return };
        let sink = self.clone();
        let function = Arc::<str>::from(function);
        tokio::spawn(async move {
            let file = sink.file(&function);
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            // Not `lines()`, which stops at invalid UTF-8.
            while matches!(output.read_until(b'\n', &mut line).await, Ok(1..)) {
                sink.write(&function, file.as_deref(), &line);
                line.clear();
            }
        });
    }

    fn write(&self, function: &Arc<str>, file: Option<&File>, line: &[u8]) {
        // A single append, so that lines of several processes do not mix. Blocking is acceptable,
        // because it writes to the page cache.
        if let Some(mut file) = file
            && let Err(error) = file.write_all(line)
        {
            tracing::warn!(%function, %error, "a log line could not be written");
        }
        if self.subscribers.receiver_count() > 0 {
            let line = Arc::from(String::from_utf8_lossy(line).trim_end());
            // Fails only if the last subscriber has just been dropped.
            let _ = self.subscribers.send(LogLine { function: Arc::clone(function), line });
        }
    }

    /// The function's log file, shared by its processes.
    fn file(&self, function: &Arc<str>) -> Option<Arc<File>> {
        let path = self.directory.as_ref()?.join(format!("{function}.log"));
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get(function) {
            return Some(Arc::clone(file));
        }
        match OpenOptions::new().create(true).append(true).open(&path) {
            Ok(file) => {
                let file = Arc::new(file);
                files.insert(Arc::clone(function), Arc::clone(&file));
                Some(file)
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a log file could not be opened");
                None
            }
        }
    }
}
