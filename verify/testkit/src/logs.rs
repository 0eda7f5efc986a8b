//! The log lines of one test of a program that runs several.
//!
//! A subscriber of a thread alone would lose lines: while there is just one subscriber, `tracing`
//! asks the default of the thread that reaches a log statement first, and if that is another
//! thread's, none, it never asks again. So the program gets one subscriber, and each thread keeps its
//! own lines.

#![expect(clippy::expect_used, reason = "a test cannot continue without its log")]

use std::cell::RefCell;
use std::io;
use std::marker::PhantomData;
use std::sync::Once;

use tracing::Level;

thread_local! {
    /// The lines of this thread; `None` if no test captures them.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

static SUBSCRIBER: Once = Once::new();

/// Captures the log lines of this thread, on which all tasks of a test run, until it is dropped.
pub struct CapturedLogs {
    /// It belongs to its thread.
    of_thread: PhantomData<*const ()>,
}

/// Appends to the lines of the thread.
struct ThreadLines;

impl CapturedLogs {
    /// Captures lines up to a level. All tests of a program use the same level.
    #[must_use]
    pub fn start(level: Level) -> Self {
        SUBSCRIBER.call_once(|| {
            let lines = tracing_subscriber::fmt().json().with_max_level(level);
            let lines = lines.with_writer(|| ThreadLines).finish();
            tracing::subscriber::set_global_default(lines).expect("no other subscriber");
        });
        LINES.set(Some(Vec::new()));
        Self { of_thread: PhantomData }
    }

    /// Removes the captured lines and returns them.
    #[must_use]
    pub fn take(&self) -> String {
        let lines = LINES.replace(Some(Vec::new())).unwrap_or_default();
        String::from_utf8(lines).expect("log lines are UTF-8")
    }
}

impl Drop for CapturedLogs {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

impl io::Write for ThreadLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.iter_mut().for_each(|lines| lines.extend(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
