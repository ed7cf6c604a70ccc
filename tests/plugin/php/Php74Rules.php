<?php

declare(strict_types=1);

namespace EccubeSync\Tests;

use PhpParser\Node;
use PhpParser\NodeVisitorAbstract;

/**
 * Finds what came into the language after PHP 7.4 and the parser reads all the same.
 */
final class Php74Rules extends NodeVisitorAbstract
{
    private const NEW_NODES = [
        Node\AttributeGroup::class,
        Node\Expr\Match_::class,
        Node\Expr\NullsafeMethodCall::class,
        Node\Expr\NullsafePropertyFetch::class,
        Node\Expr\Throw_::class,
        Node\IntersectionType::class,
        Node\Stmt\Enum_::class,
        Node\UnionType::class,
        Node\VariadicPlaceholder::class,
    ];
    private const NEW_TYPES = ['mixed', 'static', 'never', 'null', 'false'];
    private const NEW_FUNCTIONS = [
        'array_is_list',
        'get_debug_type',
        'str_contains',
        'str_ends_with',
        'str_starts_with',
    ];

    /** @var string[] */
    public $problems = [];

    /** @var array<int, mixed> */
    private $tokens;

    /** @param array<int, mixed> $tokens */
    public function __construct(array $tokens)
    {
        $this->tokens = $tokens;
    }

    public function enterNode(Node $node)
    {
        if ($this->isNew($node)) {
            $this->problems[] = sprintf('line %d: %s', $node->getStartLine(), $node->getType());
        }

        return null;
    }

    private function isNew(Node $node): bool
    {
        return in_array(get_class($node), self::NEW_NODES, true)
            || ($node instanceof Node\Param && ($node->flags !== 0 || $this->isNewType($node->type)))
            || ($node instanceof Node\Arg && $node->name !== null)
            || ($node instanceof Node\Stmt\Catch_ && $node->var === null)
            || ($node instanceof Node\Stmt\Property && ($node->isReadonly() || $this->isNewType($node->type)))
            || ($node instanceof Node\Expr\ClassConstFetch && $this->isClassOfAnObject($node))
            || ($node instanceof Node\Expr\FuncCall && $this->isNewFunction($node->name))
            || ($node instanceof Node\FunctionLike
                && ($this->isNewType($node->getReturnType()) || $this->endsItsListWithAComma($node)));
    }

    private function isNewType(?Node $type): bool
    {
        return ($type instanceof Node\Identifier || $type instanceof Node\Name)
            && in_array($type->toLowerString(), self::NEW_TYPES, true);
    }

    private function isNewFunction(Node $name): bool
    {
        return $name instanceof Node\Name && in_array($name->toLowerString(), self::NEW_FUNCTIONS, true);
    }

    private function isClassOfAnObject(Node\Expr\ClassConstFetch $node): bool
    {
        return $node->class instanceof Node\Expr
            && $node->name instanceof Node\Identifier
            && $node->name->toLowerString() === 'class';
    }

    private function endsItsListWithAComma(Node\FunctionLike $function): bool
    {
        $params = $function->getParams();
        if (!$params) {
            return false;
        }
        $position = end($params)->getEndTokenPos();
        do {
            $token = $this->tokens[++$position];
        } while (is_array($token) && in_array($token[0], [T_WHITESPACE, T_COMMENT, T_DOC_COMMENT], true));

        return $token === ',';
    }
}
