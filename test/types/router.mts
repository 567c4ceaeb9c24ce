// The handlers of @koa/router.
import Router from '@koa/router';
import Koa from 'koa';
import session, { type SessionContext } from 'sojourn';

const app = new Koa();
const router = new Router();

router.get('/', ctx => {
  ctx.session.views = (ctx.session.views ?? 0) + 1;
  // @ts-expect-error Declared with another type.
  ctx.session.views = 'one';
  // @ts-expect-error Not declared.
  ctx.session.vews;
});

router.post('/:id', async (ctx, next) => {
  ctx.session = null;
  ctx.session = { user: { id: ctx.params.id ?? '' } };
  // @ts-expect-error A session is an object or null.
  ctx.session = 'text';
  await next();
});

app.use(session(app)).use(router.routes()).use(router.allowedMethods());

/** With data of its own. */
interface Cart {
  items?: string[];
}

const shop = new Router<Koa.DefaultState, SessionContext<Cart>>();
shop.use(session<Cart>(app));
shop.get('/cart', ctx => {
  ctx.session.items = [...(ctx.session.items ?? []), 'pear'];
  // @ts-expect-error Declared with another type.
  ctx.session.items = 'pear';
});
