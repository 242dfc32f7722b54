// The first view.
at('fit').addEventListener('click', () => {
  const before = {...camera};
  fit(false);
  const same = Math.abs(camera.k - before.k) < 1e-6 && Math.abs(camera.x - before.x) < 1;
  if (same || at('fit').dataset.first) fit(true);
  at('fit').dataset.first = at('fit').dataset.first ? '' : 'yes';
});
at('in').addEventListener('click', () => zoom(1.25));
at('out').addEventListener('click', () => zoom(0.8));
at('shut').addEventListener('click', () => { fold(columns.keys(), true); fit(false); });
at('open').addEventListener('click', () => { fold([...now.folded], false); fit(false); });
if (columns.length < 2) for (const id of ['shut', 'open']) at(id).disabled = true;
if (!boxes.length) for (const id of ['back', 'play', 'ahead', 'search']) at(id).disabled = true;
svg.removeAttribute('viewBox');
measure();
arrange();
toldNothing();
announce();
fit(false);
stage.dataset.ready = 'yes';
