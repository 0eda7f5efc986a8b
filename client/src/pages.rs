//! Lists that are read page by page.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::{AccountPage, BatchPage, Client, Error, Request, TransactionPage};

/// A page of a list.
pub trait Page: DeserializeOwned {
    /// The cursor of the next page; `None` on the last page.
    fn next_cursor(&self) -> Option<&str>;
}

impl Page for AccountPage {
    fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }
}

impl Page for BatchPage {
    fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }
}

impl Page for TransactionPage {
    fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }
}

/// Reads a list page by page.
///
/// ```no_run
/// # async fn read(client: tributary_client::Client) -> Result<(), tributary_client::Error> {
/// let mut pages = client.transaction_pages("acc_12345", &Default::default());
/// while let Some(page) = pages.next().await? {
///     for transaction in page.transactions {
///         println!("{} {}", transaction.date, transaction.amount);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Pages<'c, P> {
    client: &'c Client,
    request: Request,
    next: Next,
    page: PhantomData<P>,
}

#[derive(Debug)]
enum Next {
    First,
    After(String),
    None,
}

impl<'c, P: Page> Pages<'c, P> {
    /// The pages of a request without a cursor.
    pub(crate) const fn new(client: &'c Client, request: Request) -> Self {
        Self { client, request, next: Next::First, page: PhantomData }
    }

    /// Reads the next page; `None` after the last one. A page may be empty and have a next one.
    /// After an error, the same page is read again.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn next(&mut self) -> Result<Option<P>, Error> {
        let request = match &self.next {
            Next::First => self.request.clone(),
            Next::After(cursor) => self.request.clone().query("cursor", cursor),
            Next::None => return Ok(None),
        };
        let page: P = self.client.read(&request).await?;
        self.next = page.next_cursor().map_or(Next::None, |it| Next::After(it.to_owned()));
        Ok(Some(page))
    }
}
