//! Logins from a [`LoginSource`]: new credentials, and a password that was changed on the server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::SecretString;
use sqlx::{Executor, Row};
use tributary_postgres::Postgres;
use tributary_store::login::{Login, LoginError, LoginSource, Target};
use tributary_store::{Store, StoreError};

use crate::server::{self, execute, store};

/// Returns the queued responses in order and records the calls. Fails if the queue is empty.
#[derive(Debug, Default)]
struct FakeLoginSource {
    responses: Mutex<VecDeque<Option<Login>>>,
    calls: Mutex<Vec<(Target, bool)>>,
}

impl FakeLoginSource {
    fn push_response(&self, login: Option<(&str, &str)>) {
        let login = login.map(|(user, password)| Login {
            user: Some(user.to_owned()),
            password: SecretString::from(password),
        });
        self.responses.lock().unwrap().push_back(login);
    }

    /// Removes the recorded calls and returns the `is_rejected` of each.
    fn take_rejections(&self) -> Vec<bool> {
        self.calls.lock().unwrap().drain(..).map(|(_, is_rejected)| is_rejected).collect()
    }
}

impl LoginSource for FakeLoginSource {
    fn login<'a>(
        &'a self,
        target: &'a Target,
        is_rejected: bool,
    ) -> BoxFuture<'a, Result<Option<Login>, LoginError>> {
        self.calls.lock().unwrap().push((target.clone(), is_rejected));
        let response = self.responses.lock().unwrap().pop_front();
        async move { response.ok_or_else(|| "no response is queued".into()) }.boxed()
    }
}

async fn session_user(store: &Store) -> String {
    let mut tx = store.begin_for_all().await.unwrap();
    tx.fetch_one("select session_user::text").await.unwrap().get(0)
}

async fn terminate_connections(server: &Postgres) {
    execute(
        &server.url("postgres"),
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity \
         where usename in ('first', 'second')",
    )
    .await;
}

#[tokio::test]
async fn rejected_login_is_renewed_once_per_call() {
    let server = server::start().await;
    let admin = server.url("postgres");
    execute(&admin, "create role first login password 'one'").await;
    execute(&admin, "create role second login password 'two'").await;
    let source = Arc::new(FakeLoginSource::default());
    let url = format!("postgres://url_user@127.0.0.1:{}/postgres", server.port());
    let store = store(&url).with_login(source.clone());

    // The source is called before connecting, with the server and user of the URL.
    source.push_response(Some(("first", "one")));
    assert_eq!(session_user(&store).await, "first");
    let (target, is_rejected) = source.calls.lock().unwrap().remove(0);
    let expected =
        Target { host: "127.0.0.1".to_owned(), port: server.port(), user: "url_user".to_owned() };
    assert_eq!((target, is_rejected), (expected, false));

    // New credentials apply to the next connection, not to an open one.
    source.push_response(Some(("second", "two")));
    assert_eq!(session_user(&store).await, "first");
    terminate_connections(&server).await;
    source.push_response(None);
    assert_eq!(session_user(&store).await, "second");
    assert_eq!(source.take_rejections(), [false, false]);

    // The password was changed: the same call fetches new credentials and succeeds.
    execute(&admin, "alter role second password 'three'").await;
    terminate_connections(&server).await;
    source.push_response(None);
    source.push_response(Some(("second", "three")));
    assert_eq!(session_user(&store).await, "second");
    assert_eq!(source.take_rejections(), [false, true]);

    // Rejected twice, or the source fails: both errors are transient.
    execute(&admin, "alter role second password 'four'").await;
    terminate_connections(&server).await;
    source.push_response(None);
    source.push_response(Some(("second", "three")));
    let error = store.begin_for_all().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert_eq!(source.take_rejections(), [false, true], "one renewal per call");
    let error = store.begin_for_all().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(format!("{error:?}").contains("no response is queued"), "{error:?}");
    assert!(!format!("{store:?}").contains("four"));
}
