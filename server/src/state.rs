//! What handlers share.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ipnet::IpNet;
use keyarc_service::Services;

use crate::{
    body::BodyRoom,
    config::{Config, Environment, Origin, Waits},
    cookie::SessionCookie,
    health::Readiness,
    middleware::rate::RateLimits,
    reminders::Courier,
    site::Site,
};

/// Everything a request may need. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    services: Services,
    origins: Arc<[Origin]>,
    trusted_proxies: Arc<[IpNet]>,
    is_https: bool,
    is_development: bool,
    cookie: SessionCookie,
    rates: RateLimits,
    waits: Waits,
    body_room: BodyRoom,
    readiness: Readiness,
    stopping: AtomicBool,
    site: Site,
    courier: Courier,
}

impl AppState {
    /// Puts the parts together. `origins` are those of [`Config::origins`].
    pub fn new(config: &Config, services: Services, origins: Vec<Origin>, site: Site) -> Self {
        let is_https = config.is_https();
        let origin = origins.first().map(ToString::to_string).unwrap_or_default();
        Self(Arc::new(Inner {
            services,
            origins: origins.into(),
            trusted_proxies: config.trusted_proxies.clone().into(),
            is_https,
            is_development: config.environment == Environment::Development,
            cookie: if is_https {
                SessionCookie::Secure
            } else {
                SessionCookie::Loopback
            },
            rates: RateLimits::new(&config.rates),
            waits: config.waits,
            body_room: BodyRoom::new(),
            readiness: Readiness::new(config.waits.health),
            stopping: AtomicBool::new(false),
            site,
            courier: Courier::new(config, origin),
        }))
    }

    /// The use cases.
    pub fn services(&self) -> &Services {
        &self.0.services
    }

    /// The origins the server goes by.
    pub fn origins(&self) -> Arc<[Origin]> {
        Arc::clone(&self.0.origins)
    }

    /// The proxies whose word about client addresses counts.
    pub fn trusted_proxies(&self) -> Arc<[IpNet]> {
        Arc::clone(&self.0.trusted_proxies)
    }

    /// Whether browsers reach the server over TLS.
    pub fn is_https(&self) -> bool {
        self.0.is_https
    }

    /// Whether pages for those who build KeyArc are shown.
    pub fn is_development(&self) -> bool {
        self.0.is_development
    }

    /// The session cookie in use.
    pub fn cookie(&self) -> SessionCookie {
        self.0.cookie
    }

    /// The general rate limits.
    pub fn rates(&self) -> &RateLimits {
        &self.0.rates
    }

    /// How long to wait for what.
    pub fn waits(&self) -> &Waits {
        &self.0.waits
    }

    /// Memory for large bodies.
    pub fn body_room(&self) -> &BodyRoom {
        &self.0.body_room
    }

    /// Whether the database answers.
    pub fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }

    /// What sends reminders.
    pub(crate) fn courier(&self) -> &Courier {
        &self.0.courier
    }

    /// The built site.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// From now on the server says that it is not ready, so that no new traffic is sent to it.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to end.
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }
}
