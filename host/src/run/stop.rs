//! The wish to stop, from a signal or from a section's own failure.

use tokio::sync::watch;

/// Whether to stop. Clones share the wish.
#[derive(Clone)]
pub struct Stop {
    sender: watch::Sender<bool>,
}

impl Default for Stop {
    fn default() -> Self {
        Self {
            sender: watch::Sender::new(false),
        }
    }
}

impl Stop {
    /// Asks to stop: nothing more is read; what is under way is finished.
    pub fn ask(&self) {
        self.sender.send_replace(true);
    }

    /// Whether it was asked.
    pub fn is_asked(&self) -> bool {
        *self.sender.borrow()
    }

    /// Waits until it is asked.
    pub async fn asked(&self) {
        // The sender is this value's own, so waiting cannot fail.
        _ = self.sender.subscribe().wait_for(|asked| *asked).await;
    }
}
