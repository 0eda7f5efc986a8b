//! Logins that change: a password that is renewed before it is old, one that was changed on the
//! server.

use std::sync::Arc;
use std::sync::Mutex;

use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use tributary_postgres::{Options, Postgres, Storage};
use tributary_store::login::{Login, LoginError, LoginSource, Target};
use tributary_store::{Store, StoreError};

/// Gives what it was told to, in turn, and notes what it was asked.
#[derive(Debug, Default)]
struct Keeper {
    given: Mutex<Vec<Option<Login>>>,
    asked: Mutex<Vec<(Target, bool)>>,
}

impl Keeper {
    fn next(&self, login: Option<(&str, &str)>) {
        self.given.lock().unwrap().insert(
            0,
            login.map(|(user, password)| Login {
                user: Some(user.to_owned()),
                password: SecretString::from(password),
            }),
        );
    }

    fn refusals(&self) -> Vec<bool> {
        self.asked.lock().unwrap().drain(..).map(|(_, is_refused)| is_refused).collect()
    }
}

impl LoginSource for Keeper {
    fn login<'a>(
        &'a self,
        target: &'a Target,
        is_refused: bool,
    ) -> BoxFuture<'a, Result<Option<Login>, LoginError>> {
        self.asked.lock().unwrap().push((target.clone(), is_refused));
        let given = self.given.lock().unwrap().pop();
        async move { given.ok_or_else(|| "the keeper is away".into()) }.boxed()
    }
}

async fn user(store: &Store) -> String {
    let mut tx = store.begin_for_all().await.unwrap();
    tx.fetch_one("select session_user::text").await.unwrap().get(0)
}

async fn administer(server: &Postgres, statement: &str) {
    let mut connection = PgConnection::connect(&server.url("postgres")).await.unwrap();
    connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
}

async fn cut_off(server: &Postgres) {
    administer(
        server,
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity \
         where usename in ('first', 'second')",
    )
    .await;
}

#[tokio::test]
async fn a_login_is_asked_for_and_asked_for_again_when_it_is_refused() {
    let options = Options { storage: Storage::Temporary, progress: &|_| {} };
    let server = Postgres::start(options).await.unwrap();
    administer(&server, "create role first login password 'one'").await;
    administer(&server, "create role second login password 'two'").await;
    let keeper = Arc::new(Keeper::default());
    let url = format!("postgres://nobody@127.0.0.1:{}/postgres", server.port());
    let store = Store::connect_lazily(&url.into()).unwrap().with_login(keeper.clone());

    // Asked before connecting, with what the URL says.
    keeper.next(Some(("first", "one")));
    assert_eq!(user(&store).await, "first");
    let (target, is_refused) = keeper.asked.lock().unwrap().remove(0);
    let expected =
        Target { host: "127.0.0.1".to_owned(), port: server.port(), user: "nobody".to_owned() };
    assert_eq!((target, is_refused), (expected, false));

    // A new one counts from the next connection on, not for one that stands.
    keeper.next(Some(("second", "two")));
    assert_eq!(user(&store).await, "first");
    cut_off(&server).await;
    keeper.next(None);
    assert_eq!(user(&store).await, "second");
    assert_eq!(keeper.refusals(), [false, false]);

    // The password was changed: the same call asks again, and goes on.
    administer(&server, "alter role second password 'three'").await;
    cut_off(&server).await;
    keeper.next(None);
    keeper.next(Some(("second", "three")));
    assert_eq!(user(&store).await, "second");
    assert_eq!(keeper.refusals(), [false, true]);

    // Refused twice, or nobody to ask: that may pass, and is no defect of ours.
    administer(&server, "alter role second password 'four'").await;
    cut_off(&server).await;
    keeper.next(None);
    keeper.next(Some(("second", "three")));
    let refused = store.begin_for_all().await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert_eq!(keeper.refusals(), [false, true], "no more than once for each call");
    let refused = store.begin_for_all().await.unwrap_err();
    assert!(matches!(&refused, StoreError::Unavailable(_)), "{refused:?}");
    assert!(format!("{refused:?}").contains("away"), "{refused:?}");
    assert!(!format!("{store:?}").contains("four"));
}
