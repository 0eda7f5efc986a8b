//! The files by name. They are within the binary, in a debug build as well: an image contains only
//! binaries.

use std::borrow::Cow;
use std::sync::Arc;

use rust_embed::Embed;
use utoipa_swagger_ui::Config;

/// The console.
#[derive(Embed)]
#[folder = "assets"]
struct Assets;

/// The page around Swagger UI.
#[derive(Embed)]
#[folder = "docs"]
struct Docs;

/// The files of Swagger UI that the page uses.
const SWAGGER_UI: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];

/// A file.
#[derive(Debug)]
pub struct File {
    /// Its content type.
    pub content_type: &'static str,
    /// Its text.
    pub text: Cow<'static, str>,
}

/// A file of the console.
pub fn console(name: &str) -> Option<File> {
    file(name, Assets::get(name)?.data)
}

/// A file of the API's documentation.
pub fn docs(name: &str) -> Option<File> {
    if SWAGGER_UI.contains(&name) {
        let found = utoipa_swagger_ui::serve(name, Arc::new(Config::default())).ok()??;
        return file(name, found.bytes.into_owned().into());
    }
    file(name, Docs::get(name)?.data)
}

fn file(name: &str, bytes: Cow<'static, [u8]>) -> Option<File> {
    let text = match bytes {
        Cow::Borrowed(bytes) => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).ok()?),
    };
    Some(File { content_type: content_type(name)?, text })
}

/// The content type by the extension of the name.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_content_type() {
        let names = Assets::iter().map(|name| (name, console as fn(&str) -> Option<File>));
        let docs_names = Docs::iter().map(|name| (name, docs as fn(&str) -> Option<File>));
        for (name, find) in names.chain(docs_names) {
            assert!(find(&name).is_some_and(|file| !file.text.is_empty()), "{name}");
        }
        for name in SWAGGER_UI {
            assert!(docs(name).is_some_and(|file| file.text.len() > 10_000), "{name}");
        }
    }

    #[test]
    fn other_names_are_not_found() {
        for name in ["", "index", "../Cargo.toml", "assets/index.html", "swagger-initializer.js"] {
            assert!(console(name).is_none() && docs(name).is_none(), "{name}");
        }
    }
}
