//! The order of a chain: the certificate that is used first, then each issuer.

use std::collections::{HashMap, HashSet};

use super::{public_key::PublicKey, x509::Certificate};

/// Certificates in their order.
pub(crate) struct Chain {
    /// Positions in what was given, the leaf first.
    pub(crate) order: Vec<usize>,
    /// How many of them, at the end, are not part of the chain.
    pub(crate) unrelated: usize,
}

impl Chain {
    /// Puts certificates in order. The leaf is the one that the key belongs to; without such a one
    /// it is the first that issued none of the others. Issuers are found by their names.
    pub(crate) fn of(certificates: &[Certificate<'_>], key: Option<&PublicKey>) -> Self {
        let mut by_subject: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (at, certificate) in certificates.iter().enumerate() {
            by_subject.entry(certificate.subject).or_default().push(at);
        }
        let belongs = |certificate: &Certificate<'_>| {
            key.is_some_and(|key| certificate.public_key().is_ok_and(|public| public.is(key)))
        };
        let issuers: HashSet<&[u8]> = certificates
            .iter()
            .filter(|certificate| !certificate.is_self_issued())
            .map(|certificate| certificate.issuer)
            .collect();
        let issued_others = |certificate: &Certificate<'_>| issuers.contains(certificate.subject);
        let leaf = certificates
            .iter()
            .position(belongs)
            .or_else(|| certificates.iter().position(|one| !issued_others(one)))
            .unwrap_or_default();
        let mut is_placed = vec![false; certificates.len()];
        let mut order = Vec::with_capacity(certificates.len());
        let mut next = (!certificates.is_empty()).then_some(leaf);
        while let Some(at) = next {
            is_placed[at] = true;
            order.push(at);
            let issuers = by_subject.get(certificates[at].issuer);
            next = issuers
                .into_iter()
                .flatten()
                .copied()
                .find(|issuer| !is_placed[*issuer] && !certificates[at].is_self_issued());
        }
        let others = (0..certificates.len()).filter(|at| !is_placed[*at]);
        let before = order.len();
        order.extend(others);
        Self {
            unrelated: order.len() - before,
            order,
        }
    }

    /// Whether what was given stood in this order.
    pub(crate) fn is_as_given(&self) -> bool {
        self.order.iter().enumerate().all(|(at, from)| at == *from)
    }
}
