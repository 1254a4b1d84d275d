// Mozilla's HTTP Observatory, without the network: it grades the answers that it is given.

import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../node_modules/@mdn/mdn-http-observatory');

export interface Answer {
  headers: Record<string, string>;
  body: string;
}

export interface Grade {
  grade: string;
  failed: string[];
}

/** Grades a page of `https://host`, as a proxy serves it that sends plain HTTP on to HTTPS. */
export async function grade(host: string, page: Answer, preflight: Answer): Promise<Grade> {
  // Which hosts browsers know to be HTTPS only: fetched at installation, and none of ours.
  const preloaded = path.join(ROOT, 'conf/hsts-preload.json');
  if (!existsSync(preloaded)) writeFileSync(preloaded, '{}');
  const load = (module: string) => import(path.join(ROOT, 'src', module));
  const { ALL_TESTS } = await load('constants.js');
  const { getGradeForScore, getScoreModifier } = await load('grader/grader.js');
  const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await load('grader/charts.js');
  const { Requests } = await load('types.js');
  const { Session } = await load('retriever/session.js');
  const { parseHttpEquivHeaders } = await load('retriever/utils.js');
  const { AxiosHeaders } = await import(path.join(ROOT, '../../axios/index.js'));

  const response = (answer: Answer) => ({
    config: { headers: new AxiosHeaders() },
    data: answer.body,
    headers: new AxiosHeaders(answer.headers),
    request: { headers: new AxiosHeaders() },
    status: 200,
    statusText: 'OK',
    verified: true,
  });
  const requests = new Requests(host);
  const url = new URL(`https://${host}/`);
  requests.session = new Session(url);
  requests.resources.path = page.body;
  requests.responses.auto = response(page);
  requests.responses.https = response(page);
  requests.responses.http = response(page);
  requests.responses.cors = response(preflight);
  requests.responses.httpRedirects = [
    { url: new URL(`http://${host}/`), status: 301 },
    { url, status: 200 },
  ];
  requests.responses.httpsRedirects = [{ url, status: 200 }];
  requests.responses.auto.httpEquiv = parseHttpEquivHeaders(page.body, url.href);

  let all = 100;
  let without = 100;
  const failed: string[] = [];
  for (const test of ALL_TESTS) {
    const { result, pass } = test(requests);
    if (!result) continue;
    const modifier = getScoreModifier(result);
    all += modifier;
    without += Math.min(0, modifier);
    if (!pass) failed.push(result);
  }
  const score = without >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? all : without;
  return { grade: getGradeForScore(score).grade, failed };
}
