//! The content security policies of the pages.

/// Of the console: its own files and the API on its own origin, nothing inline. Text cannot become
/// markup, since no code may create a trusted type.
pub const CONSOLE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Of the documentation: the same, except that Swagger UI creates markup from text.
pub const DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
