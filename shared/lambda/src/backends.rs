//! The services behind most functions: the PostgreSQL database and the SQS queue.

use tributary_queue::Queue;
use tributary_store::Store;

use crate::aws::Aws;
use crate::database::{DatabaseConfig, DatabaseError};
use crate::environment::Environment;

/// The configuration of the database and the queue.
#[derive(Debug)]
pub struct Backends {
    /// The variables that begin with `DATABASE_`.
    pub database: DatabaseConfig,
    /// `QUEUE_URL`
    pub queue_url: String,
}

impl Backends {
    /// Reads the variables of both.
    pub fn read<L: Fn(&str) -> Option<String>>(environment: &mut Environment<L>) -> Self {
        Self {
            database: DatabaseConfig::read(environment),
            queue_url: environment.required("QUEUE_URL"),
        }
    }

    /// Creates the clients of both.
    ///
    /// # Errors
    /// [`DatabaseError`] names the variable that is invalid.
    pub async fn connect(self) -> Result<(Store, Queue), DatabaseError> {
        let aws = Aws::default();
        let store = self.database.connect(&aws).await?;
        Ok((store, Queue::new(aws.config().await, self.queue_url)))
    }
}
