use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::middleware::address::rate_key;

/// Counts open connections per address, or per network for IPv6.
#[derive(Debug, Clone)]
pub(super) struct AddressCount {
    most: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl AddressCount {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            open: Arc::default(),
        }
    }

    /// Counts one more until the guard is dropped; `None` when there are too many.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Guard> {
        let address = rate_key(address);
        let mut open = self.lock();
        let count = open.entry(address).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Guard {
            address,
            counts: self.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One counted connection.
pub(super) struct Guard {
    address: IpAddr,
    counts: AddressCount,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut open = self.counts.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_gets_its_share_and_gives_it_back() {
        let counts = AddressCount::new(2);
        let address = |text: &str| text.parse().expect("an address");
        let first = counts.enter(address("192.0.2.1")).expect("room");
        let _second = counts.enter(address("192.0.2.1")).expect("room");
        assert!(counts.enter(address("192.0.2.1")).is_none());
        assert!(counts.enter(address("192.0.2.2")).is_some());
        drop(first);
        assert!(counts.enter(address("192.0.2.1")).is_some());
        assert_eq!(counts.lock().len(), 1);
    }
}
