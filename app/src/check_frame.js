// Sends one request with one key, and says next to nothing of what came back.
//
// It runs in a frame of its own: an origin that is nobody's, a policy that allows this script and
// nothing else. It takes one port from the page around it, one errand from that port, and before
// it sends anything it narrows its own policy to the one origin that the errand names.
"use strict";

// No answer of an API that says whether a key works is longer.
const BODY_MAX = 65536;

addEventListener("message", (event) => {
  const port = event.ports[0];
  if (event.source !== parent || !port) return;
  port.onmessage = async ({ data }) => {
    port.onmessage = null;
    const answer = await ask(data);
    port.postMessage(answer);
  };
  port.postMessage([0, 0, 0]);
}, { once: true });

// [kind, status, found]: kind 0 ready for the errand, 1 an answer, 2 a redirection that was
// not followed, 3 nothing that the browser lets a page see, 4 nothing in time.
async function ask([method, url, origin, headers, patterns, timeout]) {
  const meta = document.createElement("meta");
  meta.httpEquiv = "Content-Security-Policy";
  meta.content = `connect-src ${origin}`;
  document.head.append(meta);
  const late = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(url, {
      method,
      headers,
      mode: "cors",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      // Not followed, and told apart from an answer that the browser hides.
      redirect: "manual",
      cache: "no-store",
      signal: late,
    });
    if (response.type === "opaqueredirect") return [2, 0, 0];
    const body = await beginning(response.body);
    let found = 0;
    patterns.forEach((pattern, at) => {
      if (holds(body, pattern.toLowerCase())) found |= 1 << at;
    });
    return [1, response.status, found];
  } catch {
    return late.aborted ? [4, 0, 0] : [3, 0, 0];
  }
}

// The beginning of a body as text in small letters; the rest is not waited for.
async function beginning(stream) {
  if (!stream) return "";
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let read = 0; read < BODY_MAX;) {
    const { done, value } = await reader.read();
    if (done) break;
    read += value.length;
    text += decoder.decode(value, { stream: true });
  }
  reader.cancel().catch(() => {});
  return text.toLowerCase();
}

// Whether a text holds the parts of a pattern one after the other.
function holds(text, pattern) {
  let from = 0;
  for (const part of pattern.split("*")) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}
