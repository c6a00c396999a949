"""How the book's JavaScript is checked: types, style, format."""
