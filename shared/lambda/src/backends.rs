//! The services behind most functions: the PostgreSQL database and the SQS queue.

use tributary_queue::Queue;
use tributary_store::Store;

use crate::aws::Aws;
use crate::database::{DatabaseConfig, DatabaseError};
use crate::environment::Environment;
use crate::functions::Function;

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

    /// Creates the clients of both for a function.
    ///
    /// # Errors
    /// [`DatabaseError`] names the variable that is invalid.
    pub async fn connect(self, function: &Function) -> Result<(Store, Queue), DatabaseError> {
        let aws = Aws::default();
        let store = self.database.connect(function, &aws).await?;
        Ok((store, Queue::new(aws.config().await, self.queue_url)))
    }
}
