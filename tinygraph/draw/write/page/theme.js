// Light and dark: as the system says until the button says otherwise.
const night = matchMedia('(prefers-color-scheme: dark)');
const isDark = () => (document.documentElement.dataset.theme || (night.matches ? 'dark' : 'light')) === 'dark';
const name = () => { at('theme').textContent = isDark() ? say('light') : say('dark'); };
at('theme').addEventListener('click', () => {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
  name();
  weave();
});
night.addEventListener('change', () => { name(); weave(); });
name();
