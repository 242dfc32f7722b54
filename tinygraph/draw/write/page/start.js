// The first view.
at('fit').addEventListener('click', () => {
  const before = {...camera};
  fit(false);
  if (Math.abs(camera.k - before.k) < 1e-6 && Math.abs(camera.x - before.x) < 1) fit(true);
});
for (const [id, by] of [['in', 1.25], ['out', 0.8]]) at(id).addEventListener('click', () => zoom(by));
at('shut').addEventListener('click', () => { fold(columns.keys(), true); fit(false); });
at('open').addEventListener('click', () => { fold([...now.folded], false); fit(false); });
at('folding').hidden = columns.length < 2;
at('walking').hidden = at('searching').hidden = !boxes.length;
svg.removeAttribute('viewBox');
measure();
arrange();
toldNothing();
announce();
fit(false);
stage.dataset.ready = 'yes';
