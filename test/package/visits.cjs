'use strict';

/** Visits a page that counts in the session, over HTTP, as often as asked; answers what the page said. */
module.exports = async function countVisits(Koa, session, times) {
  const app = new Koa();
  app.keys = ['a secret of this test'];
  app.use(session(app));
  app.use(ctx => {
    ctx.session.views = (ctx.session.views ?? 0) + 1;
    ctx.body = String(ctx.session.views);
  });
  const server = app.listen(0, '127.0.0.1');
  try {
    await new Promise(resolve => server.once('listening', resolve));
    return await visit(`http://127.0.0.1:${server.address().port}/`, times);
  } finally {
    server.close();
  }
};

async function visit(url, times) {
  const answers = [];
  let cookie = '';
  for (let visited = 0; visited < times; visited++) {
    const response = await fetch(url, { headers: { cookie, connection: 'close' } });
    answers.push(await response.text());
    cookie = response.headers
      .getSetCookie()
      .map(header => header.split(';')[0])
      .join('; ');
  }
  return answers;
}
