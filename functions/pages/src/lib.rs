//! Serves the browser console and the page of the API's documentation: files within the binary. It
//! reads no data and has no secret; the pages use the API as any other client does.

mod file;
mod files;
mod handler;
mod policy;

pub use handler::Pages;
