use leptos::prelude::*;

/// Whether the server answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConnectionState {
    /// It does.
    #[default]
    Online,
    /// It does not; so many writes wait.
    Offline {
        /// Writes that will be tried again.
        pending: u32,
    },
}

impl ConnectionState {
    /// What the foot of the navigation says.
    pub fn words(self) -> String {
        match self {
            Self::Online => t!("Sealed and synced").to_owned(),
            Self::Offline { pending: 0 } => t!("Server out of reach").to_owned(),
            Self::Offline { pending } => {
                tn!(pending, "{count} change waits", "{count} changes wait")
            }
        }
    }
}

/// The state of the connection.
#[derive(Clone, Copy)]
pub struct Connection(RwSignal<ConnectionState>);

impl Connection {
    /// The state now.
    pub fn get(self) -> ConnectionState {
        self.0.get()
    }

    /// The state now, without tracking it.
    pub fn get_untracked(self) -> ConnectionState {
        self.0.get_untracked()
    }

    /// As the worker reports it.
    pub fn set(self, state: ConnectionState) {
        self.0.set(state);
    }
}

/// Makes the state of the connection available.
pub fn provide_connection() {
    provide_context(Connection(RwSignal::new(ConnectionState::Online)));
}

/// See [`provide_connection`].
pub fn use_connection() -> Connection {
    expect_context()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_changes_are_counted_in_words() {
        assert_eq!(
            ConnectionState::Offline { pending: 0 }.words(),
            "Server out of reach"
        );
        assert_eq!(
            ConnectionState::Offline { pending: 1 }.words(),
            "1 change waits"
        );
        assert_eq!(
            ConnectionState::Offline { pending: 7 }.words(),
            "7 changes wait"
        );
    }
}
