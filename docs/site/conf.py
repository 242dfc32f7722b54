"""What Sphinx does with the pages: one theme, light and dark, for both languages."""

import os

project = author = "tinygraph"
copyright = "the tinygraph authors"
extensions = ["myst_parser"]
language = os.environ["SITE_LANGUAGE"]
exclude_patterns = ["zh", "site"]
html_theme = "furo"
html_title = "tinygraph"
html_search_language = {"zh_CN": "zh"}.get(language, language)
html_show_sourcelink = html_show_copyright = html_show_sphinx = False
html_copy_source = False
templates_path = [os.environ["SITE_TEMPLATES"]]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_theme_options = {"navigation_with_keys": True}
myst_heading_anchors = 3
myst_url_schemes = ["http", "https"]
highlight_language = "none"
pygments_style = "default"
suppress_warnings = ["misc.highlighting_failure"]
