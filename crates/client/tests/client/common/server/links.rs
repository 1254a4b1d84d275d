//! Where two devices meet.

use keyarc_wire::{
    Bytes, ErrorCode, Fixed, JoinLinkRequest, JoinLinkResponse, KnownDeviceStep, LinkNews,
    NewDeviceStep, OpenLinkRequest, OpenLinkResponse, paths,
};

use super::{Answer, Server, refuse};

pub(super) struct StoredLink {
    pin: u32,
    offer: Bytes,
    news: LinkNews,
}

impl Server {
    pub(super) fn open_link(&mut self, request: &OpenLinkRequest) -> Answer {
        self.link = Some(StoredLink {
            pin: request.pin,
            offer: request.offer.clone(),
            news: LinkNews::default(),
        });
        let opened = OpenLinkResponse {
            mailbox: Fixed([3; 16]),
            place: 5,
            expires_at_ms: u64::MAX,
        };
        self.json(paths::LINK_OPEN, &opened)
    }

    pub(super) fn join_link(&mut self, request: &JoinLinkRequest) -> Answer {
        match &self.link {
            Some(link) if (request.place, request.pin) == (5, link.pin) => {
                let offer = link.offer.clone();
                self.json(paths::LINK_JOIN, &JoinLinkResponse { offer })
            }
            _ => refuse(404, ErrorCode::NotFound),
        }
    }

    pub(super) fn step_of_new(&mut self, step: &NewDeviceStep) -> Answer {
        let Some(link) = &mut self.link else {
            return refuse(404, ErrorCode::NotFound);
        };
        if step.reveal.is_some() {
            link.news.reveal = step.reveal.clone();
        }
        let news = link.news.clone();
        if step.close {
            self.link = None;
        }
        self.json(paths::LINK_NEW, &news)
    }

    pub(super) fn step_of_known(&mut self, step: &KnownDeviceStep) -> Answer {
        let Some(link) = &mut self.link else {
            return refuse(404, ErrorCode::NotFound);
        };
        if step.answer.is_some() {
            link.news.answer = step.answer.clone();
        }
        if step.sealed.is_some() {
            link.news.sealed = step.sealed.clone();
        }
        let news = link.news.clone();
        if step.close {
            self.link = None;
        }
        self.json(paths::LINK_KNOWN, &news)
    }

    /// The link runs out.
    pub fn end_link(&mut self) {
        self.link = None;
    }
}
